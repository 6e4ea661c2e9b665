/**
 * Span: a stretch of a model's work, for whoever traces. `context.span` of `setup` and `infer`.
 *
 * Not here: how it gets into a trace (backends/span.ts).
 */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/**
 * Runs `run`, inside a span of this name if somebody traces, and gives what it gives. The span ends
 * when `run` has returned or thrown; if it returns a promise, when that has settled.
 */
export type SpanFunction = <Result>(
  name: string,
  run: () => Result,
  attributes?: SpanAttributes,
) => Result;
