/**
 * What a frontend sees of the server: look a model up, read its state, run a request.
 *
 * Never a scheduler, an instance or a thread. Implemented by inference-core.ts.
 */
import type { AskedVersion, InferRequest } from "../protocol/infer.ts";
import type { ModelMetadata, ServerMetadata } from "../protocol/metadata.ts";
import type { ModelConfig } from "./model-config.ts";
import type { ModelStatisticsSnapshot } from "./model-statistics.ts";
import type { EnqueueOptions, PendingRequest, ResponseSink } from "./scheduler.ts";

export type ServerState = "starting" | "running" | "draining" | "stopped";

export type ModelState = "UNKNOWN" | "READY" | "UNAVAILABLE" | "LOADING" | "UNLOADING";

/** One line of the repository index. */
export interface ModelIndexEntry {
  readonly name: string;
  /** Undefined: of none it was ever tried. */
  readonly version: number | undefined;
  /** UNKNOWN: it was never to be loaded. */
  readonly state: ModelState;
  /** Empty: none. */
  readonly reason: string;
}

/** Who knows of more models than are in the core. */
export interface ModelLister {
  index(): Promise<readonly ModelIndexEntry[]>;
}

/** A model version that is READY; in a server that drains also one that is not gone yet. */
export interface ModelView {
  readonly config: ModelConfig;
  /** It takes requests, and at least one of its instances can run a batch. */
  isReady(): boolean;
}

/** What a client may upload in place of a model's folder: contents by path, such as `1/model.onnx`. */
export type UploadedFiles = ReadonlyMap<string, Uint8Array>;

export interface LoadOverride {
  /** JSON, in place of the configuration of the repository. */
  readonly config: string | undefined;
  readonly files: UploadedFiles;
}

/** Loading and unloading of models of a repository at a client's word. */
export interface ModelControl {
  /** Resolves when all its versions serve; else what served before serves on. */
  load(name: string, override: LoadOverride): Promise<void>;
  /** Resolves when it takes no new requests. One that is not there is no error. */
  unload(name: string, options: UnloadOptions): Promise<void>;
}

export interface UnloadOptions {
  /** Also the models of an ensemble's steps that came along with it, and that no other needs. */
  readonly dependents: boolean;
}

export interface InferenceService {
  readonly state: ServerState;
  serverMetadata(): ServerMetadata;
  /** Strict readiness: running, and no known model is in a bad state. */
  isReady(): boolean;
  /**
   * `version` undefined: the highest READY one. Throws NOT_FOUND or UNAVAILABLE; the latter also
   * when the server stops and what is meant is gone.
   */
  lookUp(modelName: string, version: AskedVersion): ModelView;
  /** Throws as `lookUp`. With a version, `versions` holds that one alone. */
  modelMetadata(modelName: string, version: AskedVersion): ModelMetadata;
  /**
   * READY versions of all models, or of one: names ascending, versions ascending. Of a server that
   * stops, those that are not gone yet.
   */
  statistics(modelName?: string, version?: AskedVersion): readonly ModelStatisticsSnapshot[];
  index(): readonly ModelIndexEntry[];
  /**
   * Looks up, validates, schedules. Never throws: every error goes to the sink, perhaps before
   * this returns.
   */
  infer(request: InferRequest, sink: ResponseSink, options: EnqueueOptions): PendingRequest;
}
