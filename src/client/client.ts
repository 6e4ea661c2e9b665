/**
 * A client of a server: its models, and what there is to ask and tell a server itself.
 *
 * Not here: inference (model-client.ts), what differs by protocol (connection.ts).
 */
// Whose `lib` ends with a year has no Symbol.dispose yet.
/// <reference lib="esnext.disposable" preserve="true" />
import type { ModelBase } from "../definition/model-base.ts";
import type { CallOptions } from "./call-options.ts";
import type { IndexEntry, JsonObject, Question, ServerMetadata } from "./connection.ts";
import { ModelClient } from "./model-client.ts";
import { ask, type ClientContext, untilReady } from "./questions.ts";
import { Sequence } from "./sequence.ts";
import type { SequenceId } from "./sequence-state.ts";

export interface IndexOptions extends CallOptions {
  readonly isReadyOnly?: boolean;
}

export interface LoadOptions extends CallOptions {
  /** In place of that in the repository; its fields are the server's. Needed with files. */
  readonly config?: JsonObject;
  /** By path within the model's folder, such as `1/model.onnx`. */
  readonly files?: Readonly<Record<string, Uint8Array>>;
}

export interface UnloadOptions extends CallOptions {
  /** Models that it is made of, too. */
  readonly withDependents?: boolean;
}

/** For what is no part of every client: shared-memory.ts. */
export let contextOf: (client: Client) => ClientContext;

export class Client {
  readonly #context: ClientContext;

  static {
    contextOf = (client) => client.#context;
  }

  constructor(context: ClientContext) {
    this.#context = context;
  }

  /** Sends nothing. Without a version the server decides, which is the highest as a rule. */
  model<M extends ModelBase = ModelBase>(name: M["name"], version?: number): ModelClient<M> {
    return new ModelClient<M>(this.#context, { name, version });
  }

  /** An id of one's own, or one drawn by chance. */
  sequence(id: SequenceId = 1 + Math.floor(Math.random() * (2 ** 53 - 2))): Sequence {
    return new Sequence(this.#context, id);
  }

  async isLive(options: CallOptions = {}): Promise<boolean> {
    return (await this.#ask({ what: "live" }, options)) as boolean;
  }

  /** Of the server with all its models. */
  async isReady(options: CallOptions = {}): Promise<boolean> {
    return (await this.#ask({ what: "ready" }, options)) as boolean;
  }

  /** Resolves when it is; a server that is not there yet is asked again. */
  async waitReady(options: CallOptions = {}): Promise<void> {
    await untilReady(this.#context, options, (each) => this.isReady(each));
  }

  async metadata(options: CallOptions = {}): Promise<ServerMetadata> {
    return (await this.#ask({ what: "metadata" }, options)) as ServerMetadata;
  }

  /** Of all models. */
  async statistics(options: CallOptions = {}): Promise<JsonObject> {
    return (await this.#ask({ what: "statistics" }, options)) as JsonObject;
  }

  async index(options: IndexOptions = {}): Promise<readonly IndexEntry[]> {
    const { isReadyOnly = false, ...others } = options;
    const body = isReadyOnly ? { ready: true } : {};
    return (await this.#ask({ what: "index", body }, others)) as readonly IndexEntry[];
  }

  /** Resolves when it is loaded. With a configuration in place of its own, and files of it. */
  async load(name: string, options: LoadOptions = {}): Promise<void> {
    const { config, files = {}, ...others } = options;
    const parameters: Record<string, string> = {};
    if (config !== undefined) parameters["config"] = JSON.stringify(config);
    for (const [path, bytes] of Object.entries(files)) {
      parameters[`file:${path}`] = toBase64(bytes);
    }
    const body = Object.keys(parameters).length === 0 ? {} : { parameters };
    await this.#ask({ what: "load", name, body }, others);
  }

  async unload(name: string, options: UnloadOptions = {}): Promise<void> {
    const { withDependents = false, ...others } = options;
    const body = withDependents ? { parameters: { unload_dependents: true } } : {};
    await this.#ask({ what: "unload", name, body }, others);
  }

  /** Without settings: as they are. */
  async logSettings(settings?: JsonObject, options: CallOptions = {}): Promise<JsonObject> {
    const body = settings === undefined ? {} : { body: settings };
    return (await this.#ask({ what: "logging", ...body }, options)) as JsonObject;
  }

  /** Of the server; of a model: `client.model(name).traceSettings()`. */
  async traceSettings(settings?: JsonObject, options: CallOptions = {}): Promise<JsonObject> {
    const body = settings === undefined ? {} : { body: settings };
    return (await this.#ask({ what: "trace", ...body }, options)) as JsonObject;
  }

  /** What runs is cancelled, connections are closed. */
  close(): void {
    this.#context.calls.close();
    this.#context.connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #ask(question: Question, options: CallOptions): Promise<unknown> {
    return await ask(this.#context, question, options);
  }
}

function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.byteLength; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return btoa(text);
}
