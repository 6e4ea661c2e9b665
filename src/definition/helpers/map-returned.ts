/**
 * Changes what a function returned, now or later: a value, or each step of a stream.
 *
 * Of a model that sends its responses nothing comes back, and nothing is changed.
 */
import { isPromise } from "../answer-forms.ts";

type Transform = (value: unknown) => unknown;

export function mapReturned(returned: unknown, transform: Transform): unknown {
  if (returned === undefined) return undefined;
  if (isPromise(returned)) return returned.then((value) => mapReturned(value, transform));
  if (isAsyncIterable(returned)) return mapLater(returned, transform);
  if (isIterable(returned)) return mapNow(returned, transform);
  return transform(returned);
}

async function* mapLater(steps: AsyncIterable<unknown>, transform: Transform) {
  for await (const value of steps) yield transform(value);
}

function* mapNow(steps: Iterable<unknown>, transform: Transform) {
  for (const value of steps) yield transform(value);
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.iterator in value;
}
