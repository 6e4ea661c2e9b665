/**
 * Batch siblings: the calls of other models that one running batch has open.
 *
 * A call ends at the latest deadline of the batch's requests, or at its own if that is earlier:
 * nobody waits for longer. When every caller of the batch has gone, or the batch has ended, its open
 * calls are cancelled, whoever still waits for them.
 *
 * Not here: who may call whom (server/sibling-service.ts).
 */
import {
  type PendingSibling,
  type SiblingCaller,
  type SiblingRequest,
  type SiblingSink,
  tellingEnd,
  tooLateToCall,
} from "../backends/sibling-calls.ts";
import type { ExecutionBatch } from "../core/instance.ts";
import type { ModelConfig } from "../core/model-config.ts";
import { InferenceError } from "../protocol/errors.ts";

/** On whose behalf a model is called. */
export interface SiblingOrigin {
  readonly caller: ModelConfig;
  /** Milliseconds of the core's clock; Infinity: none. */
  readonly deadlineMs: number;
  /** Of the request for which it is made; empty: for several. */
  readonly id: string;
  readonly logId: string;
}

export interface SiblingService {
  /** Never throws: every error goes to the sink, perhaps before this returns. */
  call(request: SiblingRequest, origin: SiblingOrigin, sink: SiblingSink): PendingSibling;
}

export interface BatchSiblingsOptions {
  readonly config: ModelConfig;
  readonly batch: ExecutionBatch;
  readonly service: SiblingService;
  readonly hasGone: (requestIndex: number) => boolean;
}

export class BatchSiblings implements SiblingCaller {
  readonly #options: BatchSiblingsOptions;
  readonly #open: Set<PendingSibling> = new Set();
  #isClosed = false;

  constructor(options: BatchSiblingsOptions) {
    this.#options = options;
  }

  send(request: SiblingRequest, sink: SiblingSink): PendingSibling {
    if (this.#isClosed) throw tooLateToCall();
    const { service } = this.#options;
    if (this.#haveAllGone()) {
      sink.fail(new InferenceError("CANCELLED", "Request cancelled"));
      return ended;
    }
    let isOver = false;
    let pending = ended;
    const end = (): void => {
      isOver = true;
      this.#open.delete(pending);
    };
    pending = service.call(request, this.#originOf(request), tellingEnd(sink, end));
    if (!isOver) this.#open.add(pending);
    return pending;
  }

  /** Somebody has gone: is anybody left? */
  notice(): void {
    if (this.#open.size > 0 && this.#haveAllGone()) this.#cancelAll();
  }

  /** The batch has ended, or its instance has. */
  close(): void {
    this.#isClosed = true;
    this.#cancelAll();
  }

  #cancelAll(): void {
    for (const pending of this.#open) pending.cancel();
  }

  #haveAllGone(): boolean {
    const { batch, hasGone } = this.#options;
    return batch.requests.every((_, index) => hasGone(index));
  }

  #originOf({ deadlineMs }: SiblingRequest): SiblingOrigin {
    const { config, batch } = this.#options;
    const [first, ...others] = batch.requests;
    const latestMs = Math.max(...batch.requests.map((request) => request.deadlineMs));
    const only = others.length === 0 ? first?.request : undefined;
    return {
      caller: config,
      deadlineMs: Math.min(latestMs, deadlineMs),
      id: only?.id ?? "",
      logId: only?.logId ?? "",
    };
  }
}

const ended: PendingSibling = { cancel() {}, credit() {} };
