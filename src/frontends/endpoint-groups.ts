/**
 * Groups of endpoints that can be closed together: Triton's, each with its routes over HTTP and its
 * calls over gRPC. One table for both frontends: whatever they answer stands in it once
 * (test/conformance/restricted-groups.test.ts).
 *
 * What Triton does not have: Watch is health like Check; the start page and server reflection tell
 * what there is, and so are metadata. Of the start page each part has the group of what it shows.
 *
 * Not here: who may pass (restrictions.ts).
 */
import type { Route } from "./http/routes.ts";

/** What paths of the protocol's own calls begin with. */
export const servicePath = "/inference.GRPCInferenceService/";

export type EndpointGroup =
  | "health"
  | "metadata"
  | "inference"
  | "shared-memory"
  | "model-config"
  | "model-repository"
  | "statistics"
  | "trace"
  | "logging";

interface Endpoints {
  readonly routes: readonly Route["name"][];
  /** Without `servicePath`; of other services the whole path. */
  readonly calls: readonly string[];
  /** Through it callers change the server, if the server has this extension of the protocol. */
  readonly controls?: string;
}

export const endpointGroups: Readonly<Record<EndpointGroup, Endpoints>> = {
  health: {
    routes: ["server live", "server ready", "model ready"],
    calls: [
      "ServerLive",
      "ServerReady",
      "ModelReady",
      "/grpc.health.v1.Health/Check",
      "/grpc.health.v1.Health/Watch",
    ],
  },
  metadata: {
    routes: ["start page", "server metadata", "model metadata"],
    calls: [
      "ServerMetadata",
      "ModelMetadata",
      "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
      "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    ],
  },
  inference: {
    routes: ["infer", "generate", "generate stream"],
    calls: ["ModelInfer", "ModelStreamInfer"],
  },
  "shared-memory": {
    routes: [],
    calls: [
      "SystemSharedMemoryStatus",
      "SystemSharedMemoryRegister",
      "SystemSharedMemoryUnregister",
      "CudaSharedMemoryStatus",
      "CudaSharedMemoryRegister",
      "CudaSharedMemoryUnregister",
    ],
    controls: "system_shared_memory",
  },
  "model-config": { routes: ["model config"], calls: ["ModelConfig"] },
  "model-repository": {
    routes: ["repository index", "model load", "model unload", "named repository"],
    calls: ["RepositoryIndex", "RepositoryModelLoad", "RepositoryModelUnload"],
    controls: "model_repository",
  },
  statistics: { routes: ["statistics", "model statistics"], calls: ["ModelStatistics"] },
  trace: { routes: [], calls: ["TraceSetting"], controls: "trace" },
  logging: { routes: [], calls: ["LogSettings"], controls: "logging" },
};

export const groupNames: readonly EndpointGroup[] = Object.keys(endpointGroups).filter(isGroup);

export function isGroup(name: string): name is EndpointGroup {
  return Object.hasOwn(endpointGroups, name);
}

const ofRoutes: ReadonlyMap<string, EndpointGroup> = groupsBy(({ routes }) => routes);
const ofCalls: ReadonlyMap<string, EndpointGroup> = groupsBy(({ calls }) =>
  calls.map((call) => (call.startsWith("/") ? call : servicePath + call)),
);

/** Undefined: it stands in no group. */
export function groupOfRoute(name: Route["name"]): EndpointGroup | undefined {
  return ofRoutes.get(name);
}

/** `path`: `/package.Service/Method`. */
export function groupOfCall(path: string): EndpointGroup | undefined {
  return ofCalls.get(path);
}

function groupsBy(
  names: (endpoints: Endpoints) => readonly string[],
): ReadonlyMap<string, EndpointGroup> {
  return new Map(
    groupNames.flatMap((group) =>
      names(endpointGroups[group]).map((name) => [name, group] as const),
    ),
  );
}
