/**
 * A client of a server: its models, and what there is to ask and tell a server itself.
 *
 * Not here: inference (model-client.ts), what differs by protocol (connection.ts).
 */
import type { ModelBase } from "../definition/model-base.ts";
import { type CallOptions, checkCall } from "./call-options.ts";
import type { CallLimits } from "./calls.ts";
import type {
  Connection,
  IndexEntry,
  JsonObject,
  Sent,
  ServerMetadata,
} from "./connection.ts";
import { ModelClient, type ModelContext } from "./model-client.ts";

export class Client {
  readonly #context: ModelContext;

  constructor(context: ModelContext) {
    this.#context = context;
  }

  /** Sends nothing. Without a version the server decides, which is the highest as a rule. */
  model<M extends ModelBase = ModelBase>(name: M["name"], version?: number): ModelClient<M> {
    return new ModelClient<M>(this.#context, { name, version });
  }

  async isLive(options: CallOptions = {}): Promise<boolean> {
    return await this.#ask("isLive", options, (connection, sent) => connection.isLive(sent));
  }

  async isReady(options: CallOptions = {}): Promise<boolean> {
    return await this.#ask("isReady", options, (connection, sent) => connection.isReady(sent));
  }

  async metadata(options: CallOptions = {}): Promise<ServerMetadata> {
    return await this.#ask("metadata", options, (connection, sent) => connection.metadata(sent));
  }

  async statistics(options: CallOptions = {}): Promise<JsonObject> {
    return await this.#ask("statistics", options, (connection, sent) =>
      connection.statistics(undefined, sent),
    );
  }

  async index(options: CallOptions & { readonly isReadyOnly?: boolean } = {}): Promise<readonly IndexEntry[]> {
    const { isReadyOnly = false, ...others } = options;
    return await this.#ask("index", others, (connection, sent) => connection.index(isReadyOnly, sent));
  }

  /** What runs is cancelled, connections are closed. */
  close(): void {
    this.#context.calls.close();
    this.#context.connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #ask<T>(
    call: string,
    options: CallOptions,
    ask: (connection: Connection, sent: Sent) => Promise<T>,
  ): Promise<T> {
    checkCall(call, options);
    const { connection, calls, limitsOf } = this.#context;
    const limits: CallLimits = limitsOf(options);
    return await calls.run(limits, (sent) => ask(connection, sent));
  }
}
