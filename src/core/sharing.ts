/**
 * Sharing: what the layers that share answers (shared-answers.ts) have in common.
 */
import type { InferRequest } from "../protocol/infer.ts";
import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";
import type { ModelConfig } from "./model-config.ts";
import type { ModelStatistics } from "./model-statistics.ts";
import { type Digest, requestKey } from "./request-key.ts";
import type { EnqueueOptions, HeldSteps } from "./scheduler.ts";

export interface SharingOptions {
  readonly config: ModelConfig;
  readonly clock: Clock;
  readonly log: Log;
  readonly statistics: ModelStatistics;
  readonly digest: Digest;
  /** Of an ensemble: changes with the models of its steps. */
  readonly stepsKey: (held: HeldSteps | undefined) => string;
  /** False: its instances are lost for good. Then it answers nothing, not even what is known. */
  readonly isInService: () => boolean;
}

/** What it asks for, and whom. */
export function sharingKey(
  request: InferRequest,
  { key, held }: EnqueueOptions,
  { digest, stepsKey }: SharingOptions,
): string {
  return key ?? stepsKey(held) + requestKey(request, digest);
}

/** Whether a request may be answered with what another one is answered with. */
export function isShareable(
  { sequence }: InferRequest,
  deadlineMs: number,
  { clock, isInService }: SharingOptions,
): boolean {
  return sequence === undefined && clock.nowMs() <= deadlineMs && isInService();
}

/** A sink is foreign code: it may throw. */
export function tell(
  { log, config }: Pick<SharingOptions, "log" | "config">,
  requestId: string,
  say: () => void,
): void {
  try {
    say();
  } catch (error) {
    const { name: model, version } = config;
    log.error("the receiver of an answer failed", { model, version, requestId, error });
  }
}
