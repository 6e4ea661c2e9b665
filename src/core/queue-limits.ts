/**
 * Queue limits: what bounds what waits, and how a request beyond it is refused.
 *
 *   of its level          the queue policy's `maxQueueSize`, if it has one
 *   of its model          `limits.maxWaitingRequests`
 *   of the server         bytes of inputs, in all queues together
 *
 * Overload so shows at once, as UNAVAILABLE with a time for another try, and not as a timeout.
 */
import { InferenceError, requestPrefix } from "../protocol/errors.ts";
import type { InferRequest } from "../protocol/infer.ts";
import type { ByteBudget } from "./byte-budget.ts";
import type { RequestQueue } from "./request-queue.ts";

export interface QueueLimitsOptions {
  readonly queue: RequestQueue;
  readonly maxWaitingRequests: number;
  readonly waitingBytes: ByteBudget;
}

export class QueueLimits {
  readonly #options: QueueLimitsOptions;

  constructor(options: QueueLimitsOptions) {
    this.#options = options;
  }

  /** Undefined: it may wait, and its bytes are taken from the budget. */
  refusal({ id }: InferRequest, level: number, bytes: number): InferenceError | undefined {
    const { queue, maxWaitingRequests, waitingBytes } = this.#options;
    if (queue.isLevelFull(level) || queue.length >= maxWaitingRequests) return queueFull(id, "");
    if (waitingBytes.tryTake(bytes)) return undefined;
    const { usedBytes, limitBytes } = waitingBytes;
    return queueFull(id, `: ${usedBytes} of ${limitBytes} bytes for waiting inputs are in use`);
  }
}

function queueFull(id: string, why: string): InferenceError {
  const text = `${requestPrefix(id)}Exceeds maximum queue size${why}`;
  return new InferenceError("UNAVAILABLE", text, { reason: "REJECTED", retryAfterS: 1 });
}
