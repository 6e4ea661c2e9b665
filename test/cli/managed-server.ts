/**
 * A server that a test plays, whose models are loaded and unloaded: over HTTP and over gRPC, as
 * Triton answers in control mode explicit.
 *
 * A model whose name begins with "bad" does not load.
 */

import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import type { TestContext } from "node:test";
import {
  Server as GrpcServer,
  ServerCredentials,
  type ServerUnaryCall,
  status,
} from "@grpc/grpc-js";
import { inference } from "../../dist/protocol/generated/messages.js";

export interface Managed {
  readonly http: string;
  readonly grpc: string;
  /** What was asked for: the name, and parameters by name. */
  readonly loads: [string, Record<string, unknown>][];
  readonly unloads: [string, Record<string, unknown>][];
  readonly index: Map<string, Entry>;
  /** Over HTTP: from now on connections end at once, or no longer do. */
  readonly setGone: (isGone: boolean) => void;
}

interface Entry {
  readonly version?: string;
  readonly state?: string;
  readonly reason?: string;
}

type Parameters = Record<string, unknown>;

class Models implements Pick<Managed, "loads" | "unloads" | "index"> {
  readonly loads: Managed["loads"] = [];
  readonly unloads: Managed["unloads"] = [];
  readonly index = new Map<string, Entry>([
    ["asleep", {}],
    ["broken", { version: "1", state: "UNAVAILABLE", reason: "Internal: it\nbroke \u001b[2J" }],
    ["linear", { version: "1", state: "READY" }],
  ]);

  /** Undefined: it has been loaded. */
  load(name: string, parameters: Parameters): string | undefined {
    this.loads.push([name, parameters]);
    if (name.startsWith("bad")) return `load failed for model '${name}': it is bad;\n`;
    this.index.set(name, { version: "1", state: "READY" });
    return undefined;
  }

  unload(name: string, parameters: Parameters): void {
    this.unloads.push([name, parameters]);
    this.index.set(name, { version: "1", state: "UNAVAILABLE", reason: "unloaded" });
  }

  get entries(): readonly object[] {
    return [...this.index].map(([name, entry]) => ({ name, ...entry }));
  }
}

export async function managedServer(t: TestContext): Promise<Managed> {
  const models = new Models();
  const { loads, unloads, index } = models;
  const [server, grpc] = await Promise.all([httpServer(t, models), grpcServer(t, models)]);
  const http = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let isGone = false;
  server.on("connection", (socket) => isGone && socket.destroy());
  const setGone = (next: boolean): void => {
    isGone = next;
    if (isGone) server.closeAllConnections();
  };
  return { http, grpc, loads, unloads, index, setGone };
}

async function httpServer(t: TestContext, models: Models): Promise<Server> {
  const server = createServer((request, response) => {
    const answered = json(request).then(
      (body) => answer(models, request.url ?? "", body),
      () => answer(models, request.url ?? "", {}),
    );
    void answered.then(({ status: code, body }) => response.writeHead(code).end(body));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return server;
}

function answer(models: Models, url: string, sent: unknown): { status: number; body: string } {
  const { parameters = {} } = sent as { parameters?: Parameters };
  const [, encoded = "", verb] = /^\/v2\/repository\/models\/([^/]+)\/(\w+)$/.exec(url) ?? [];
  const name = decodeURIComponent(encoded);
  if (verb === undefined) return { status: 200, body: JSON.stringify(models.entries) };
  if (verb === "unload") models.unload(name, parameters);
  const error = verb === "load" ? models.load(name, parameters) : undefined;
  return error === undefined
    ? { status: 200, body: "" }
    : { status: 400, body: JSON.stringify({ error }) };
}

type Call = ServerUnaryCall<inference.RepositoryModelLoadRequest, object>;
type Respond = (error: object | null, answer?: object) => void;

async function grpcServer(t: TestContext, models: Models): Promise<string> {
  const server = new GrpcServer();
  const register = (
    name: "Index" | "ModelLoad" | "ModelUnload",
    answer: (call: Call) => object,
  ) => {
    const [request, response] = [
      inference[`Repository${name}Request`],
      inference[`Repository${name}Response`],
    ];
    server.register(
      `/inference.GRPCInferenceService/Repository${name}`,
      (call: Call, respond: Respond) => {
        const given = answer(call);
        if ("code" in given) respond(given);
        else respond(null, given);
      },
      (message: object) => Buffer.from(response.encode(message).finish()),
      (bytes: Buffer) => request.decode(bytes) as inference.RepositoryModelLoadRequest,
      "unary",
    );
  };
  register("Index", () => ({ models: models.entries }));
  register("ModelLoad", ({ request }) => {
    const details = models.load(request.modelName, parametersOf(request));
    return details === undefined ? {} : { code: status.INVALID_ARGUMENT, details };
  });
  register("ModelUnload", ({ request }) => {
    models.unload(request.modelName, parametersOf(request));
    return {};
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  t.after(() => server.forceShutdown());
  return `grpc://127.0.0.1:${port}`;
}

/** As over HTTP: files in base64. */
function parametersOf({ parameters }: inference.RepositoryModelLoadRequest): Parameters {
  const entries = Object.entries(parameters).map(([name, value]) => {
    const { bytesParam, stringParam, boolParam } = value;
    const file = bytesParam && Buffer.from(bytesParam).toString("base64");
    return [name, boolParam ?? stringParam ?? file];
  });
  return Object.fromEntries(entries);
}
