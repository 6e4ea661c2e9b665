/**
 * Load progress: while models take long to load, a line of the log every few seconds that says how
 * many are done and which are not. Nothing if all are there before the first of them is due.
 *
 *   loading: 47 of 50 models are done after 10 s; not yet: 'ocr', 'detector', 'speech'
 */
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/log.ts";

export interface LoadingModel {
  readonly name: string;
  /** Settles when its load has ended, however. */
  readonly load: Promise<void>;
}

const everyMs = 5000;

/** More are counted only. */
const mostNames = 5;

/** Ends by itself when all loads have. */
export function tellProgress(
  models: readonly LoadingModel[],
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): void {
  const beganAtMs = clock.nowMs();
  const waiting = new Set(models);
  let cancel = (): void => {};
  const sleep = (): void => {
    cancel = clock.wakeAt(clock.nowMs() + everyMs, tell);
  };
  const tell = (): void => {
    const seconds = Math.round((clock.nowMs() - beganAtMs) / 1000);
    const done = `${models.length - waiting.size} of ${models.length} models are done`;
    log.info(`loading: ${done} after ${seconds} s; not yet: ${namesOf([...waiting])}`);
    sleep();
  };
  const end = (model: LoadingModel): void => {
    waiting.delete(model);
    if (waiting.size === 0) cancel();
  };
  for (const model of models) {
    model.load.then(
      () => end(model),
      () => end(model),
    );
  }
  if (waiting.size > 0) sleep();
}

function namesOf(models: readonly LoadingModel[]): string {
  const names = models.slice(0, mostNames).map(({ name }) => `'${name}'`);
  const rest = models.length - names.length;
  return `${names.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}
