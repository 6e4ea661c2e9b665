/**
 * Server timing: where the time of a request went, as `Server-Timing` has it, for every frontend.
 */
import type { RequestTiming } from "../protocol/infer.ts";

/** Milliseconds with three decimals, by where they were spent. */
export function serverTiming(timing: RequestTiming, encodeMs: number): string {
  const { queueMs, batchMs, computeMs, outputMs } = timing;
  return (
    `queue;dur=${decimal(queueMs)}, batch;dur=${decimal(batchMs)}, ` +
    `compute;dur=${decimal(computeMs)}, encode;dur=${decimal(outputMs + encodeMs)}`
  );
}

/** Of a stream, which is sent before the rest is known. */
export function startTiming({ queueMs, batchMs }: RequestTiming): string {
  return `queue;dur=${decimal(queueMs)}, batch;dur=${decimal(batchMs)}`;
}

/** By microseconds: most times are short, and come again. */
const decimals: string[] = [];
const mostDecimals = 2048;

function decimal(ms: number): string {
  const micros = Math.round(ms * 1000);
  if (!(micros >= 0 && micros < mostDecimals)) return toDecimal(micros);
  decimals[micros] ??= toDecimal(micros);
  return decimals[micros];
}

/** As `toFixed(3)` of milliseconds, which takes several times as long. */
function toDecimal(micros: number): string {
  const whole = Math.floor(micros / 1000);
  const rest = micros - 1000 * whole;
  if (rest >= 100) return `${whole}.${rest}`;
  return rest >= 10 ? `${whole}.0${rest}` : `${whole}.00${rest}`;
}
