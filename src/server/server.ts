/**
 * Server: models behind addresses, as a user holds it. `createServer` only checks what it is
 * given, and begins: what runs a server (core, threads, frontends) is imported while the caller
 * goes on, so that importing `shoal` costs a thread nothing.
 *
 *   createServer  ──>  "starting", models load  ──>  listen, ready  ──>  close
 *
 * It listens only when told to and installs no signal handlers: for tests, and to be mounted in
 * a server of the user's. Whoever wants a whole program: serve.ts.
 *
 * Inside an instance (a thread that imports the user's module again), and while the command line
 * imports a file for its models, a server is a shadow: it starts nothing. Whoever waits for it there
 * waits for good, and his models are taken.
 *
 * Not here: what it does once it runs (running-server.ts).
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ServerState } from "../core/inference-service.ts";
import type { ModelBase } from "../definition/model-base.ts";
import { isCollectingModels, waitInsteadOfServing } from "../definition/model-table.ts";
import type { InferOptions } from "../definition/request-options.ts";
import { isInsideInstance } from "../executor/inside-instance.ts";
import type { InferenceError } from "../protocol/errors.ts";
import type { InProcessResponse } from "./in-process-infer.ts";
import type { InProcessRequest } from "./in-process-request.ts";
import { resolveServerOptions } from "./resolve-server-options.ts";
import type { CloseOptions, RunningServer, ServerUrls, StartPlan } from "./running-server.ts";
import { type ServedModel, servedModels } from "./served-models.ts";
import type { ResolvedServerOptions, ServerOptions } from "./server-options.ts";

export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => void;

export interface Server extends AsyncDisposable {
  readonly urls: ServerUrls;
  readonly state: ServerState;
  /** Resolves when every model that it was created with is ready; rejects if one fails to load. */
  readonly ready: Promise<void>;
  /**
   * Resolves when it has stopped: with nothing if it was asked to, with the error if a model that
   * cannot go on stopped it (`onUnrecoverable: "server"`).
   */
  readonly closed: Promise<InferenceError | undefined>;
  /** For `node:http`, Express and Fastify: answers every path of the protocol. */
  readonly handler: HttpHandler;
  /** Opens its ports. Rejects if one is in use. Twice is once. */
  listen(): Promise<void>;
  /** Adds a model at run time; resolves when it is ready, rejects if it fails to load. */
  bind(model: ModelBase): Promise<void>;
  /** Takes a model out; what runs is finished first. No version: all of them. */
  unbind(name: string, version?: number): Promise<void>;
  /** Runs a request in this process, past HTTP: same queue, same batches, same errors. */
  infer<M extends ModelBase>(
    request: InProcessRequest<M>,
    options?: InferOptions,
  ): Promise<InProcessResponse<M>>;
  /**
   * The same for a model that streams: its responses, one by one. To leave the loop is to leave the
   * model, which is told.
   */
  stream<M extends ModelBase>(
    request: InProcessRequest<M>,
    options?: InferOptions,
  ): AsyncGenerator<InProcessResponse<M>, void, undefined>;
  /** Drains: refuses new requests, finishes what runs within a limit, stops. Twice is once. */
  close(options?: CloseOptions): Promise<void>;
}

export type Models = ModelBase | readonly ModelBase[];

/** Throws a TypeError if an option or a model is wrong. */
export function createServer(models: Models, options: ServerOptions = {}): Server {
  const resolved = resolveServerOptions(options);
  return new LazyServer(servedModels(models), resolved, { isProgram: false });
}

/** For whoever tells by himself why a model failed to load (serve.ts). */
export function startProgram(
  models: readonly ServedModel[],
  options: ResolvedServerOptions,
): LazyServer {
  return new LazyServer(models, options, { isProgram: true });
}

/** The server while its parts are being imported, and the way to them afterwards. */
export class LazyServer implements Server {
  readonly handler: HttpHandler;
  /** Undefined: a shadow. */
  readonly #starting: Promise<RunningServer> | undefined;
  readonly #ready: Promise<void> | undefined;
  #running: RunningServer | undefined;

  constructor(models: readonly ServedModel[], options: ResolvedServerOptions, plan: StartPlan) {
    const isShadow = isInsideInstance() || isCollectingModels();
    this.#starting = isShadow ? undefined : this.#start(models, options, plan);
    this.#ready = this.#starting?.then((server) => server.ready);
    // Whoever does not ask need not know: the log has it, and the server is not ready.
    this.#ready?.catch(() => {});
    this.handler = (request, response) => this.#handle(request, response);
  }

  get ready(): Promise<void> {
    return this.#ready ?? waitInsteadOfServing();
  }

  get closed(): Promise<InferenceError | undefined> {
    return this.#started().then(({ closed }) => closed);
  }

  /** Resolves if it stops by itself, as soon as that begins. */
  get failed(): Promise<InferenceError> {
    return this.#started().then(({ failed }) => failed);
  }

  get urls(): ServerUrls {
    return this.#running?.urls ?? { http: undefined, grpc: undefined, metrics: undefined };
  }

  get state(): ServerState {
    return this.#running?.state ?? "starting";
  }

  async listen(): Promise<void> {
    await this.#do((server) => server.listen());
  }

  async bind(model: ModelBase): Promise<void> {
    const served = servedModels(model);
    await this.#do((server) => Promise.all(served.map((each) => server.bind(each))));
  }

  async unbind(name: string, version?: number): Promise<void> {
    await this.#do((server) => server.unbind(name, version));
  }

  async infer<M extends ModelBase>(
    request: InProcessRequest<M>,
    options: InferOptions = {},
  ): Promise<InProcessResponse<M>> {
    return await this.#do((server) => server.infer(request, options));
  }

  async *stream<M extends ModelBase>(
    request: InProcessRequest<M>,
    options: InferOptions = {},
  ): AsyncGenerator<InProcessResponse<M>, void, undefined> {
    const server = this.#running ?? (await this.#started());
    yield* server.stream(request, options);
  }

  async close(options: CloseOptions = {}): Promise<void> {
    await this.drain(options);
  }

  /** Closes, and tells whether everything ended by itself: if not, an instance still runs. */
  async drain(options: CloseOptions = {}): Promise<boolean> {
    const running = this.#running ?? (await this.#started().catch(() => undefined));
    return running === undefined || (await running.close(options));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #start(
    models: readonly ServedModel[],
    options: ResolvedServerOptions,
    plan: StartPlan,
  ): Promise<RunningServer> {
    const { RunningServer } = await import("./running-server.ts");
    this.#running = new RunningServer(models, options, plan);
    return this.#running;
  }

  /** Within the call, if it has started. */
  async #do<Result>(act: (server: RunningServer) => Promise<Result>): Promise<Result> {
    return await act(this.#running ?? (await this.#started()));
  }

  #started(): Promise<RunningServer> {
    return this.#starting ?? waitInsteadOfServing();
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    if (this.#running !== undefined) {
      this.#running.handler(request, response);
      return;
    }
    this.#started().then(
      (server) => server.handler(request, response),
      (error: unknown) => response.destroy(error instanceof Error ? error : undefined),
    );
  }
}
