/**
 * Forms of what a model's function hands back: a value, a promise, or steps of a stream.
 */
export type Steps = AsyncIterator<unknown> | Iterator<unknown>;

export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value;
}

/** Undefined: it is no generator, nor anything like it. */
export function stepsOf(returned: unknown): Steps | undefined {
  if (typeof returned !== "object" || returned === null) return undefined;
  if (Symbol.asyncIterator in returned) {
    return (returned as AsyncIterable<unknown>)[Symbol.asyncIterator]();
  }
  if (Symbol.iterator in returned) return (returned as Iterable<unknown>)[Symbol.iterator]();
  return undefined;
}
