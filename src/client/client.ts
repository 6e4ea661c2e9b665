/**
 * A client of a server: its models, and what there is to ask and tell a server itself.
 *
 * Not here: inference (model-client.ts), what differs by protocol (connection.ts).
 */
// Whose `lib` ends with a year has no Symbol.dispose yet.
/// <reference lib="esnext.disposable" preserve="true" />
import type { ModelBase } from "../definition/model-base.ts";
import type { ServerMetadata } from "../protocol/metadata.ts";
import type { WrittenConfig } from "../protocol/written-config.ts";
import type { CallOptions } from "./call-options.ts";
import type { IndexEntry, JsonObject, Question } from "./connection.ts";
import { writeExactJson } from "./exact-json.ts";
import type { ClientContext } from "./known-model.ts";
import { ModelClient } from "./model-client.ts";
import { ask, untilReady } from "./questions.ts";
import { type Sequence, sequenceOf } from "./sequence.ts";
import type { SequenceId } from "./sequence-state.ts";

export interface IndexOptions extends CallOptions {
  readonly isReadyOnly?: boolean;
}

export interface LoadOptions extends CallOptions {
  /** In place of that in the repository. A server may have other fields. Needed with files. */
  readonly config?: WrittenConfig | JsonObject;
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
    return sequenceOf(this.#context, id);
  }

  isLive(options: CallOptions = {}): Promise<boolean> {
    return this.#ask({ route: "/health/live" }, options);
  }

  /** Of the server with all its models. */
  isReady(options: CallOptions = {}): Promise<boolean> {
    return this.#ask({ route: "/health/ready" }, options);
  }

  /** Resolves when it is; a server that is not there yet is asked again. */
  waitReady(options: CallOptions = {}): Promise<void> {
    return untilReady(this.#context, options, (each) => this.isReady(each));
  }

  metadata(options: CallOptions = {}): Promise<ServerMetadata> {
    return this.#ask({ route: "" }, options);
  }

  /** Of all models. */
  statistics(options: CallOptions = {}): Promise<JsonObject> {
    return this.#ask({ route: "/models/stats" }, options);
  }

  index({ isReadyOnly, ...options }: IndexOptions = {}): Promise<readonly IndexEntry[]> {
    return this.#ask({ route: "/repository/index", body: { ready: isReadyOnly } }, options);
  }

  /** Resolves when it is loaded. With a configuration in place of its own, and files of it. */
  load(name: string, { config, files = {}, ...options }: LoadOptions = {}): Promise<void> {
    const parameters: Record<string, string> = {};
    if (config !== undefined) parameters["config"] = writeExactJson(config);
    for (const [path, bytes] of Object.entries(files)) {
      parameters[`file:${path}`] = toBase64(bytes);
    }
    return this.#ask({ route: "/repository/models/*/load", name, body: { parameters } }, options);
  }

  unload(name: string, { withDependents, ...options }: UnloadOptions = {}): Promise<void> {
    const body = withDependents === true ? { parameters: { unload_dependents: true } } : {};
    return this.#ask({ route: "/repository/models/*/unload", name, body }, options);
  }

  /** Without settings: as they are. */
  logSettings(settings?: JsonObject, options: CallOptions = {}): Promise<JsonObject> {
    return this.#ask({ route: "/logging", body: settings }, options);
  }

  /** Of the server; of a model: `client.model(name).traceSettings()`. */
  traceSettings(settings?: JsonObject, options: CallOptions = {}): Promise<JsonObject> {
    return this.#ask({ route: "/trace/setting", body: settings }, options);
  }

  /** What runs is cancelled, connections are closed. */
  close(): void {
    this.#context.calls.close();
    this.#context.connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #ask<Answer>(question: Question, options: CallOptions): Promise<Answer> {
    return ask(this.#context, question, options);
  }
}

function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.byteLength; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return btoa(text);
}
