/**
 * Spans of a model's own, by the API of OpenTelemetry, if its user has that.
 *
 * Nobody traces until an SDK has been registered, which is to be seen at a symbol on globalThis (the
 * API keeps its state there, so that all copies of it share one). Until then a span costs a look at
 * that, and `run` is called as it is; the package is loaded with the first span after it.
 *
 * The parent of a span is the active one; while `run` goes on, its span is.
 */
import { createRequire } from "node:module";
import type { SpanAttributes, SpanFunction } from "../definition/span.ts";

/** What is used of `@opentelemetry/api`, whose types its users may not have. */
export interface TraceApi {
  readonly trace: { getTracer(name: string): Tracer };
}

interface Tracer {
  startActiveSpan<Result>(
    name: string,
    options: { readonly attributes: SpanAttributes },
    run: (span: OpenSpan) => Result,
  ): Result;
}

interface OpenSpan {
  recordException(error: Error | string): void;
  setStatus(status: { readonly code: number; readonly message?: string }): void;
  end(): void;
}

/** `SpanStatusCode.ERROR`. */
const statusError = 2;

const registry = Symbol.for("opentelemetry.js.api.1");

let api: TraceApi | undefined;

export const span: SpanFunction = (name, run, attributes) => {
  if (!(registry in globalThis)) return run();
  api ??= importApi();
  return api === undefined ? run() : traced(api, { name, attributes }, run);
};

interface SpanPlan {
  readonly name: string;
  readonly attributes: SpanAttributes | undefined;
}

/** Exported for tests. */
export function traced<Result>(
  { trace }: TraceApi,
  { name, attributes = {} }: SpanPlan,
  run: () => Result,
): Result {
  return trace.getTracer("shoal").startActiveSpan(name, { attributes }, (open) => {
    try {
      const result = run();
      if (result instanceof Promise) return endLater(open, result) as Result;
      open.end();
      return result;
    } catch (error) {
      fail(open, error);
      throw error;
    }
  });
}

async function endLater<Value>(open: OpenSpan, promise: Promise<Value>): Promise<Value> {
  try {
    const value = await promise;
    open.end();
    return value;
  } catch (error) {
    fail(open, error);
    throw error;
  }
}

function fail(open: OpenSpan, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  open.recordException(error instanceof Error ? error : message);
  open.setStatus({ code: statusError, message });
  open.end();
}

/** As this package sees it, or the program that it runs in. Undefined: neither has it. */
function importApi(): TraceApi | undefined {
  for (const from of [import.meta.url, `${process.cwd()}/`]) {
    try {
      return createRequire(from)("@opentelemetry/api") as TraceApi;
    } catch {
      // The other one may have it.
    }
  }
  return undefined;
}
