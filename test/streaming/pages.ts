/**
 * Models that stream pages of 64 kB, inline and in a thread, and tell how many they were asked for:
 * a request for -1 pages is that question.
 */
import { bytes, int32, type Model, model } from "shoal";

const page = "x".repeat(65_536);

interface Counts {
  pulled: number;
  /** Generators that are over. */
  ended: number;
  /** Of these, those that nobody read to their end. */
  left: number;
}

function pagesIn(name: string, kind: "inline" | "thread"): Model {
  return model(name, {
    inputs: { COUNT: int32(1) },
    outputs: { PAGE: bytes(1) },
    batching: false,
    module: import.meta.url,
    instances: { kind },
    setup: (): Counts => ({ pulled: 0, ended: 0, left: 0 }),
    async *infer({ COUNT }, { state, signal }) {
      const [count = 0] = COUNT.data;
      if (count < 0) {
        yield { PAGE: [JSON.stringify(state)] };
        return;
      }
      try {
        for (let index = 0; index < count; index += 1) {
          state.pulled += 1;
          yield { PAGE: [page] };
          await Promise.resolve();
        }
      } finally {
        state.ended += 1;
        if (signal.aborted) state.left += 1;
      }
    },
  });
}

export const pagesInline: Model = pagesIn("pages-inline", "inline");
export const pagesInThread: Model = pagesIn("pages-thread", "thread");

/** Of a model above, by asking it. */
export async function countsOf(url: string, name: string): Promise<Counts> {
  const response = await fetch(`${url}/v2/models/${name}/generate`, {
    method: "POST",
    body: '{"COUNT":-1}',
  });
  const { PAGE } = (await response.json()) as { readonly PAGE: string };
  return JSON.parse(PAGE) as Counts;
}
