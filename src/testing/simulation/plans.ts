/**
 * Plans: what a simulated run consists of, as data in words of its own.
 *
 * A workload draws them from a seed; the real core and the oracle both carry them out. Imports
 * nothing from the core, so that the oracle does not either.
 */
import type { ScriptedError } from "../instance-script.ts";

export interface ModelPlan {
  readonly name: string;
  readonly version: number;
  /** 0: shapes are whole shapes. */
  readonly maxBatchSize: number;
  readonly inputs: readonly InputPlan[];
  readonly batching: BatchingPlan | undefined;
  /** Instances of each group. */
  readonly instanceGroups: readonly number[];
  /** Batches that one instance runs at a time. */
  readonly concurrency: number;
  /** Its requests may have any number of responses. */
  readonly isDecoupled: boolean;
  readonly limits: LimitsPlan;
  /** Of the answers that are kept; Infinity: no limit of its own; undefined: none are. */
  readonly cacheBytes: number | undefined;
  /** Equal requests are computed once at a time. */
  readonly singleFlight: boolean;
}

export interface InputPlan {
  readonly name: string;
  /** Without the batch dimension. */
  readonly dims: readonly number[];
  readonly isOptional: boolean;
}

export interface BatchingPlan {
  readonly preferredSizes: readonly number[];
  readonly delayMs: number;
  /** Infinity: nothing is measured. */
  readonly maxCost: number;
  readonly hasBuckets: boolean;
  readonly preservesOrder: boolean;
  /** Parts of a batch that failed are run again. */
  readonly isolates: boolean;
  readonly levels: number;
  readonly defaultLevel: number;
  readonly defaultPolicy: PolicyPlan;
  /** By level; undefined: the default one. */
  readonly policies: readonly (PolicyPlan | undefined)[];
}

export interface PolicyPlan {
  readonly action: "REJECT" | "DELAY";
  /** 0: none. */
  readonly timeoutMs: number;
  readonly allowsOverride: boolean;
  /** 0: none. */
  readonly maxSize: number;
}

export interface LimitsPlan {
  readonly maxWaiting: number;
  readonly loadTimeoutMs: number;
  readonly executionTimeoutMs: number;
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  readonly maxWrittenOff: number;
}

/** One load of a model version. */
export interface LoadPlan {
  /** 0, 1, ... over all loads of a run: what was loaded is called after it. */
  readonly number: number;
  readonly model: ModelPlan;
  /** How long it takes to find out what the model is; 0: no time. */
  readonly resolvesAtMs: number;
  /** Why that fails. */
  readonly resolveError: ScriptedError | undefined;
  /** Its source stops looking as soon as nobody wants it any more. */
  readonly givesUp: boolean;
  /** It may take over from another load, at moments of its own. */
  readonly takesOver: boolean;
  /** Somebody unloads it in the same breath in which its last instance is ready. */
  readonly isUnwanted: boolean;
}

export interface RequestPlan {
  /** 0, 1, ... over all requests of a run. */
  readonly number: number;
  /** What its inputs hold; two with the same content ask for the same thing, or nearly. */
  readonly content: number;
  /** A parameter that the model heeds. */
  readonly flavor: number;
  /** What the caller calls it; may be empty. */
  readonly id: string;
  readonly modelName: string;
  readonly version: number | undefined;
  readonly inputs: readonly TensorPlan[];
  /** How many its outputs must have. */
  readonly rows: number;
  /** Empty: all. */
  readonly requestedOutputs: readonly string[];
  readonly priority: number;
  readonly timeoutMs: number;
  readonly deadlineMs: number;
  /** It is against the model's specification. */
  readonly isInvalid: boolean;
  /** As its model measures it, if that does. */
  readonly cost: number;
  readonly bucket: string;
  /** An execution with it fails. */
  readonly isPoisonous: boolean;
  /** It comes from a batch that runs, as a server that drains is told. */
  readonly isInternal: boolean;
  readonly taking: TakingPlan;
  /** What its caller does as soon as it hears the first response that is not the last one. */
  readonly onResponse: readonly CallerAct[];
  /** What its caller does as soon as it hears the end. */
  readonly onEnd: readonly CallerAct[];
}

/** How its caller takes responses before the last one, so that a streaming model may go on. */
export interface TakingPlan {
  /** Whenever so many more have come; 0: never. */
  readonly every: number;
  /** So many; may be more than have come. */
  readonly count: number;
  /** So much later, at a whole millisecond; 0: from inside the answer. */
  readonly lateMs: number;
}

export interface TensorPlan {
  readonly name: string;
  /** Batch dimension included. */
  readonly shape: readonly number[];
}

/** A caller is foreign code: it may call the core again, or throw. */
export type CallerAct =
  | { readonly kind: "cancel"; readonly number: number }
  | { readonly kind: "take"; readonly number: number; readonly count: number }
  | { readonly kind: "send"; readonly request: RequestPlan }
  | { readonly kind: "unload"; readonly name: string; readonly version: number }
  | { readonly kind: "throw" };

export type EventPlan =
  | { readonly kind: "send"; readonly request: RequestPlan }
  | { readonly kind: "cancel"; readonly number: number }
  | { readonly kind: "take"; readonly number: number; readonly count: number }
  | { readonly kind: "load"; readonly load: LoadPlan }
  /** Beside the version that serves, to take over from it. */
  | { readonly kind: "replace"; readonly load: LoadPlan }
  | { readonly kind: "unload"; readonly name: string; readonly version: number | undefined }
  | { readonly kind: "run" }
  | { readonly kind: "drain" }
  | { readonly kind: "abandon"; readonly error: ScriptedError };

/** Whether this response, the so manieth, makes its caller take some. */
export function isTimeToTake({ every }: TakingPlan, responseCount: number): boolean {
  return every > 0 && responseCount % every === 0;
}

/** Bytes of one element of every tensor: INT32. */
const elementBytes = 4;

export function bytesOf({ inputs }: RequestPlan): number {
  let bytes = 0;
  for (const { shape } of inputs) bytes += shape.reduce((size, dim) => size * dim, elementBytes);
  return bytes;
}
