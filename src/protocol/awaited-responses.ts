/**
 * Awaited responses: the answer of a request to code that waits for it, as a promise of the only
 * one, or one after another.
 *
 * What the caller has not asked for yet the model may be ahead of by its window, and no more. To
 * leave the loop is to leave the model: its signal fires, and a generator ends.
 */
import type { InferenceError } from "./errors.ts";

interface Response {
  readonly outputs: readonly unknown[];
}

interface Sink<R> {
  respond(response: R, isFinal: boolean): void;
  fail(error: InferenceError): void;
}

interface Pending {
  cancel(): void;
  credit(responseCount: number): void;
}

/** Sends the request; may answer before it returns. */
export type Send<R> = (sink: Sink<R>) => Pending;

/** Rejects with an InferenceError, or with what `send` throws. */
export function onlyResponse<R>(send: Send<R>, signal: AbortSignal | undefined): Promise<R> {
  return new Promise((resolve, reject) => {
    let isSettled = false;
    let cancel = (): void => {};
    const settle = (): void => {
      isSettled = true;
      signal?.removeEventListener("abort", cancel);
    };
    const pending = send({
      respond: (response) => {
        settle();
        resolve(response);
      },
      fail: (error) => {
        settle();
        reject(error);
      },
    });
    cancel = () => pending.cancel();
    if (signal?.aborted) cancel();
    else if (!isSettled) signal?.addEventListener("abort", cancel);
  });
}

/** Nothing is sent before the first response is asked for. */
export async function* allResponses<R extends Response>(
  send: Send<R>,
  signal: AbortSignal | undefined,
): AsyncGenerator<R, void, undefined> {
  const given: R[] = [];
  let error: InferenceError | undefined;
  let isOver = false;
  let wake = (): void => {};
  const pending = send({
    respond: (response, isFinal) => {
      // A last one without outputs says only that it is the last one.
      if (response.outputs.length > 0 || !isFinal) given.push(response);
      isOver = isFinal;
      wake();
    },
    fail: (reason) => {
      error = reason;
      isOver = true;
      wake();
    },
  });
  const cancel = (): void => pending.cancel();
  if (signal?.aborted) cancel();
  else signal?.addEventListener("abort", cancel);
  try {
    for (;;) {
      const next = given.shift();
      if (next !== undefined) {
        pending.credit(1);
        yield next;
      } else if (error !== undefined) throw error;
      else if (isOver) return;
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    signal?.removeEventListener("abort", cancel);
    cancel();
  }
}
