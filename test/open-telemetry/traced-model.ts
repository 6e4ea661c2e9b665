/**
 * A model whose module registers a tracer, in whichever thread it is imported: what becomes of spans
 * is in its log.
 */
import {
  type Attributes,
  type Exception,
  type Span,
  type SpanStatus,
  trace,
} from "@opentelemetry/api";
import { fp32, type Model, model } from "shoal";

const notes: string[] = [];

class NotedSpan implements Span {
  readonly #name: string;

  constructor(name: string, attributes: Attributes) {
    this.#name = name;
    notes.push(`start ${name} ${JSON.stringify(attributes)}`);
  }

  spanContext() {
    return {
      traceId: "0af7651916cd43dd8448eb211c80319c",
      spanId: "b7ad6b7169203331",
      traceFlags: 1,
    };
  }
  recordException(exception: Exception): void {
    notes.push(`exception in ${this.#name}: ${String(exception)}`);
  }
  setStatus({ code }: SpanStatus): this {
    notes.push(`status of ${this.#name}: ${code}`);
    return this;
  }
  end(): void {
    notes.push(`end ${this.#name}`);
  }
  setAttribute(): this {
    return this;
  }
  setAttributes(): this {
    return this;
  }
  addEvent(): this {
    return this;
  }
  addLink(): this {
    return this;
  }
  addLinks(): this {
    return this;
  }
  updateName(): this {
    return this;
  }
  isRecording(): boolean {
    return true;
  }
}

/** Also by a module that is imported a second time: the first one stays. */
trace.setGlobalTracerProvider({
  getTracer: (tracer) => ({
    startSpan: (name, options) => new NotedSpan(`${tracer} ${name}`, options?.attributes ?? {}),
    // Shoal calls it with a name, options and a function.
    startActiveSpan(name: string, ...[options, run]: readonly unknown[]) {
      const { attributes = {} } = options as { readonly attributes?: Attributes };
      const active = run as (span: Span) => never;
      return active(new NotedSpan(`${tracer} ${name}`, attributes));
    },
  }),
});

function traced(name: string, kind: "inline" | "thread"): Model {
  return model(name, {
    module: import.meta.url,
    instances: { kind },
    inputs: { x: fp32(1) },
    outputs: { y: fp32(1) },
    infer: async ({ x }, { log, rows, span }) => {
      const y = await span("outer", async () => span("inner", () => x), { rows });
      const failed = span("broken", () => Promise.reject(new Error("broken")));
      await failed.catch(() => {});
      for (const note of notes.splice(0)) log.info(note);
      return { y };
    },
  });
}

export const inline: Model = traced("inline", "inline");
export const thread: Model = traced("thread", "thread");
