/**
 * The calls of the inference service beside inference: health, metadata, statistics, repository,
 * and those that this server answers only by saying that it does not have what they are about.
 *
 * They decide nothing: states and errors are the core's, and the same as over HTTP.
 */
import type { Server } from "@grpc/grpc-js";
import type { ModelIndexEntry } from "../../core/inference-service.ts";
import { InferenceError } from "../../protocol/errors.ts";
import { inference } from "../../protocol/generated/messages.js";
import { parseModelVersion } from "../../protocol/model-version.ts";
import { servicePath } from "../endpoint-groups.ts";
import { controlOff, exiting, isExiting, namedRepository } from "../refusals.ts";
import type { GrpcOptions } from "./grpc-options.ts";
import { modelConfigMessage } from "./model-config-message.ts";
import { readLoadParameters, readUnloadParameters } from "./repository-parameters.ts";
import { statisticsMessage } from "./statistics-message.ts";
import { addUnaryCall, type UnaryCall } from "./unary-call.ts";
import type { MessageType } from "./wire-message.ts";

/** Request and response are named after the call. */
type Add = <Request, Response>(
  name: string,
  request: Pick<MessageType<Request, never>, "decode">,
  response: Pick<MessageType<unknown, Response>, "encode">,
  answer: UnaryCall<Request, Response>["answer"],
) => void;

export function addServiceCalls(
  server: Server,
  { service, log, control, models }: GrpcOptions,
): void {
  const add: Add = (name, request, response, answer) =>
    addUnaryCall(server, log, { path: `${servicePath}${name}`, request, response, answer });

  add("ServerLive", inference.ServerLiveRequest, inference.ServerLiveResponse, () => {
    if (isExiting(service.state)) throw exiting("exiting");
    return { live: true };
  });
  add("ServerReady", inference.ServerReadyRequest, inference.ServerReadyResponse, () => {
    if (isExiting(service.state)) throw exiting("exiting");
    return { ready: service.isReady() };
  });
  add("ModelReady", inference.ModelReadyRequest, inference.ModelReadyResponse, (asked) => {
    if (isExiting(service.state)) throw exiting("not ready");
    return { ready: service.lookUp(asked.name, parseModelVersion(asked.version)).isReady() };
  });
  add("ServerMetadata", inference.ServerMetadataRequest, inference.ServerMetadataResponse, () => {
    const { name, version, extensions } = service.serverMetadata();
    return { name, version, extensions: [...extensions] };
  });
  add("ModelMetadata", inference.ModelMetadataRequest, inference.ModelMetadataResponse, (asked) => {
    const metadata = service.modelMetadata(asked.name, parseModelVersion(asked.version));
    return metadata as inference.ModelMetadataResponse.$Properties;
  });
  add("ModelConfig", inference.ModelConfigRequest, inference.ModelConfigResponse, (asked) => {
    const { config } = service.lookUp(asked.name, parseModelVersion(asked.version));
    return { config: modelConfigMessage(config) };
  });
  add(
    "ModelStatistics",
    inference.ModelStatisticsRequest,
    inference.ModelStatisticsResponse,
    ({ name, version }) => {
      if (name === "") return statisticsMessage(service.statistics());
      return statisticsMessage(service.statistics(name, parseModelVersion(version)));
    },
  );
  add(
    "RepositoryIndex",
    inference.RepositoryIndexRequest,
    inference.RepositoryIndexResponse,
    async (asked) => {
      const all = models === undefined ? service.index() : await models.index();
      const shown = all.filter(({ state }) => !asked.ready || state === "READY");
      return { models: shown.map(indexEntry) };
    },
  );
  add(
    "RepositoryModelLoad",
    inference.RepositoryModelLoadRequest,
    inference.RepositoryModelLoadResponse,
    async ({ repositoryName, modelName, parameters }) => {
      if (repositoryName !== "") throw namedRepository();
      const override = readLoadParameters(parameters);
      if (control === undefined) throw controlOff();
      await control.load(modelName, override);
      return {};
    },
  );
  add(
    "RepositoryModelUnload",
    inference.RepositoryModelUnloadRequest,
    inference.RepositoryModelUnloadResponse,
    async ({ repositoryName, modelName, parameters }) => {
      if (repositoryName !== "") throw namedRepository();
      const options = readUnloadParameters(parameters);
      if (control === undefined) throw controlOff();
      await control.unload(modelName, options);
      return {};
    },
  );
  addAbsentCalls(add);
}

/** There are no regions: their status is an empty list, and nobody can register one. */
function addAbsentCalls(add: Add): void {
  const noMemory = unsupported("Client shared memory is disabled: this server has none");
  for (const kind of ["system", "cuda"] as const) {
    const upper = kind === "system" ? "System" : "Cuda";
    const status = ({ name }: { readonly name: string }): object => {
      if (name === "") return {};
      const why = `Unable to find ${kind} shared memory region: '${name}'`;
      throw new InferenceError("NOT_FOUND", why);
    };
    add(
      `${upper}SharedMemoryStatus`,
      inference[`${upper}SharedMemoryStatusRequest`],
      inference[`${upper}SharedMemoryStatusResponse`],
      status,
    );
    add<object, object>(
      `${upper}SharedMemoryRegister`,
      inference[`${upper}SharedMemoryRegisterRequest`],
      inference[`${upper}SharedMemoryRegisterResponse`],
      noMemory,
    );
    add(
      `${upper}SharedMemoryUnregister`,
      inference[`${upper}SharedMemoryUnregisterRequest`],
      inference[`${upper}SharedMemoryUnregisterResponse`],
      noMemory,
    );
  }
  const noTrace = unsupported("this server does not trace: there are no trace settings");
  add("TraceSetting", inference.TraceSettingRequest, inference.TraceSettingResponse, noTrace);
  const noLog = unsupported("log settings can not be read or changed through network protocol");
  add("LogSettings", inference.LogSettingsRequest, inference.LogSettingsResponse, noLog);
}

function unsupported(why: string): () => never {
  return () => {
    throw new InferenceError("UNIMPLEMENTED", why);
  };
}

/** What is not there is empty. */
function indexEntry({
  name,
  version,
  state,
  reason,
}: ModelIndexEntry): inference.RepositoryIndexResponse.ModelIndex.$Properties {
  if (version !== undefined) return { name, version: String(version), state, reason };
  return state === "UNKNOWN" ? { name } : { name, state, reason };
}
