/**
 * Queue limits: what bounds what waits, and how a request beyond it is refused.
 *
 *   of its level          the queue policy's `maxQueueSize`, if it has one
 *   of its model          `limits.maxWaitingRequests`
 *   of the server         bytes of inputs, in all queues together
 *
 * Overload so shows at once, as UNAVAILABLE with a time for another try, and not as a timeout. The
 * log has a line of it, at most one a second, however many are refused.
 */
import { InferenceError, requestPrefix } from "../protocol/errors.ts";
import type { InferRequest } from "../protocol/infer.ts";
import type { ByteBudget } from "./byte-budget.ts";
import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";
import type { ModelConfig } from "./model-config.ts";
import type { RequestQueue } from "./request-queue.ts";

export interface QueueLimitsOptions {
  readonly config: Pick<ModelConfig, "name" | "version" | "limits">;
  readonly clock: Clock;
  readonly log: Log;
  readonly queue: RequestQueue;
  readonly waitingBytes: ByteBudget;
}

const betweenLinesMs = 1000;

export class QueueLimits {
  readonly #options: QueueLimitsOptions;
  /** Since the last line. */
  #refusedCount = 0;
  #lastLineAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: QueueLimitsOptions) {
    this.#options = options;
  }

  /** Undefined: it may wait, and its bytes are taken from the budget. */
  refusal(request: InferRequest, level: number, bytes: number): InferenceError | undefined {
    const refusal = this.#whyNot(request, level, bytes);
    if (refusal !== undefined) this.#logRefusal(refusal);
    return refusal;
  }

  #whyNot({ id }: InferRequest, level: number, bytes: number): InferenceError | undefined {
    const { queue, config, waitingBytes } = this.#options;
    const { maxWaitingRequests } = config.limits;
    if (queue.isLevelFull(level) || queue.length >= maxWaitingRequests) return queueFull(id, "");
    if (waitingBytes.tryTake(bytes)) return undefined;
    const { usedBytes, limitBytes } = waitingBytes;
    return queueFull(id, `: ${usedBytes} of ${limitBytes} bytes for waiting inputs are in use`);
  }

  #logRefusal({ message }: InferenceError): void {
    const { config, clock, log } = this.#options;
    const { name: model, version } = config;
    this.#refusedCount += 1;
    const nowMs = clock.nowMs();
    if (nowMs < this.#lastLineAtMs + betweenLinesMs) return;
    const what = `model '${model}' refused ${this.#refusedCount} of its requests`;
    log.warning(`${what}, the last one with: ${message}`, { model, version });
    this.#refusedCount = 0;
    this.#lastLineAtMs = nowMs;
  }
}

function queueFull(id: string, why: string): InferenceError {
  const text = `${requestPrefix(id)}Exceeds maximum queue size${why}`;
  return new InferenceError("UNAVAILABLE", text, { reason: "REJECTED", retryAfterS: 1 });
}
