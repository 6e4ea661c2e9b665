/**
 * A request between its acceptance and its answer: what the queue, the batcher, the running batch
 * and the statistics note down about it.
 *
 *   waiting ──> executing ──> ended
 *      └───────────────────────^   (expired, cancelled, failed)
 *
 * One object for all of them, and at the same time what the caller and the executor hold: this is
 * the hot path, and each further object per request costs more than everything decided about it.
 *
 * Who writes what: `stage` and times request-answers.ts and batch-scheduler.ts; links and `part`
 * request-queue.ts; `isTracked` deadline-heap.ts; `batch`, `batchIndex` and `untakenCount`
 * running-batch.ts.
 */
import type { InferenceError } from "../protocol/errors.ts";
import type { InferRequest, InferResponse } from "../protocol/infer.ts";
import type { CompatibilityKey } from "./compatibility-key.ts";
import type { ExecutionRequest } from "./instance.ts";
import type { EndedRequest, ExecutionMoments } from "./model-statistics.ts";
import type { PendingRequest, ResponseSink } from "./scheduler.ts";

export type RequestStage = "waiting" | "executing" | "ended";

/** Whoever can take a request back. */
export interface RequestOwner {
  cancelRequest(request: ScheduledRequest): void;
}

/** The part of a running batch that a request of it can reach. */
export interface BatchOfRequest {
  /** The caller of this one has gone. */
  abort(request: ScheduledRequest): void;
  /** The caller of this one has taken so many responses. */
  credit(request: ScheduledRequest, responseCount: number): void;
  requestEnded(request: ScheduledRequest): void;
}

export interface HeldResponse {
  readonly response: InferResponse;
  readonly isFinal: boolean;
  readonly moments: ExecutionMoments;
}

/** An answer that waits for the answers of earlier requests (preserveOrdering). */
export type HeldAnswer = HeldResponse | { readonly error: InferenceError };

export interface ScheduledRequestFields {
  readonly request: InferRequest;
  readonly sink: ResponseSink;
  readonly owner: RequestOwner;
  readonly rows: number;
  readonly key: CompatibilityKey;
  readonly cost: number;
  readonly bucket: string | number | undefined;
  readonly arrivedAtMs: number;
  readonly arrivalIndex: number;
  readonly deadlineMs: number;
  readonly waitingBytes: number;
}

export class ScheduledRequest implements ExecutionRequest, PendingRequest, EndedRequest {
  readonly request: InferRequest;
  readonly sink: ResponseSink;
  readonly rows: number;
  readonly key: CompatibilityKey;
  /** In the model's own measure; 0 if it has none. */
  readonly cost: number;
  /** Only requests of one bucket share a batch; undefined: its model has none. */
  readonly bucket: string | number | undefined;
  readonly arrivedAtMs: number;
  /** 0, 1, ... over all requests of the scheduler: tells apart what arrived at one moment. */
  readonly arrivalIndex: number;
  /** The caller's own; Infinity: none. */
  readonly deadlineMs: number;
  /** Bytes of its inputs, counted while it waits. */
  readonly waitingBytes: number;
  readonly #owner: RequestOwner;

  stage: RequestStage = "waiting";

  /** End of its patience by the queue's policy; Infinity: none, or it has been delayed already. */
  expiresAtMs: number = Number.POSITIVE_INFINITY;
  /** Neighbours in its part of the queue. */
  previous: ScheduledRequest | undefined = undefined;
  next: ScheduledRequest | undefined = undefined;
  /** Which list of its lane it is in, and when it came into it: 0, 1, ... in its queue. */
  part = 0;
  enteredIndex = 0;

  /** When the deadline heap has to look at it. */
  dueMs: number = Number.POSITIVE_INFINITY;
  isTracked = false;

  batch: BatchOfRequest | undefined = undefined;
  batchIndex = 0;
  endMs = 0;
  /** The model has said its last word, even if that is still held back. */
  isAnswered = false;
  held: HeldAnswer[] | undefined = undefined;
  /** Responses that the model has given and its caller has not taken yet. */
  untakenCount = 0;
  /** Responses that were sent, and when the model had computed the latest one. */
  responseCount = 0;
  respondedMs = 0;

  constructor(fields: ScheduledRequestFields) {
    this.request = fields.request;
    this.sink = fields.sink;
    this.#owner = fields.owner;
    this.rows = fields.rows;
    this.key = fields.key;
    this.cost = fields.cost;
    this.bucket = fields.bucket;
    this.arrivedAtMs = fields.arrivedAtMs;
    this.arrivalIndex = fields.arrivalIndex;
    this.deadlineMs = fields.deadlineMs;
    this.waitingBytes = fields.waitingBytes;
  }

  cancel(): void {
    if (this.stage !== "ended") this.#owner.cancelRequest(this);
  }

  credit(responseCount: number): void {
    this.batch?.credit(this, responseCount);
  }
}

/** What a caller holds of a request that was answered at once. */
export const endedRequest: PendingRequest = Object.freeze({ cancel(): void {}, credit(): void {} });
