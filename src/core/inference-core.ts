/**
 * Inference core: the models of one server and the way of a request through them.
 *
 * Looks a model up, validates, hands over to its scheduler; loads, reloads and unloads; drains.
 * All of it is synchronous but the promises of load, unload and drain. It reads no clock of its
 * own and starts no thread: `clock`, and the instance host of each model, are passed in.
 *
 * Not here: states and look-up (repository.ts), one loaded version (loaded-model.ts).
 */
import type { InferenceError } from "../protocol/errors.ts";
import type { InferRequest } from "../protocol/infer.ts";
import type { ModelMetadata, ServerMetadata } from "../protocol/metadata.ts";
import type { Clock } from "./clock.ts";
import type {
  InferenceService,
  ModelIndexEntry,
  ModelView,
  ServerState,
} from "./inference-service.ts";
import type { Log } from "./log.ts";
import type { ModelSource } from "./model-source.ts";
import type { ModelStatisticsSnapshot } from "./model-statistics.ts";
import type { EnqueueOptions, PendingRequest, ResponseSink } from "./scheduler.ts";

export interface InferenceCoreOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly serverName: string;
  readonly serverVersion: string;
  readonly extensions: readonly string[];
  /** Bytes of input tensors that may wait in all queues together. */
  readonly maxWaitingBytes: number;
}

export class InferenceCore implements InferenceService {
  constructor(options: InferenceCoreOptions) {
    throw new Error(`not built yet: ${options.serverName}`);
  }

  get state(): ServerState {
    throw new Error("not built yet");
  }

  /** "starting" at first: the server says when it runs. */
  setState(_state: ServerState): void {
    throw new Error("not built yet");
  }

  /** Resolves when READY, rejects with the load error. ALREADY_EXISTS if loaded or loading. */
  load(_source: ModelSource): Promise<void> {
    throw new Error("not built yet");
  }

  /** As `load`; what serves now goes on until the new one is READY, and then drains. */
  reload(_source: ModelSource): Promise<void> {
    throw new Error("not built yet");
  }

  /** Takes no new requests from now on; resolves when what ran has ended and instances are gone. */
  unload(_modelName: string, _version?: number): Promise<void> {
    throw new Error("not built yet");
  }

  /** State "draining", then "stopped": refuses requests, finishes the others, unloads all. */
  drain(): Promise<void> {
    throw new Error("not built yet");
  }

  /** Fails whatever still waits or runs. */
  failAll(_error: InferenceError): void {
    throw new Error("not built yet");
  }

  serverMetadata(): ServerMetadata {
    throw new Error("not built yet");
  }

  isReady(): boolean {
    throw new Error("not built yet");
  }

  lookUp(_modelName: string, _version: number | undefined): ModelView {
    throw new Error("not built yet");
  }

  modelMetadata(_modelName: string, _version: number | undefined): ModelMetadata {
    throw new Error("not built yet");
  }

  statistics(_modelName?: string, _version?: number): readonly ModelStatisticsSnapshot[] {
    throw new Error("not built yet");
  }

  index(): readonly ModelIndexEntry[] {
    throw new Error("not built yet");
  }

  infer(_request: InferRequest, _sink: ResponseSink, _options: EnqueueOptions): PendingRequest {
    throw new Error("not built yet");
  }
}
