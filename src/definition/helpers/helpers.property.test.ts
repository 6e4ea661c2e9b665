/**
 * Helpers against a naive reference, for any batch: whatever wraps the function, each row gets the
 * same result as if it were computed alone.
 *
 * The function is y = x * scale + code of the text; helpers are nested at random, in any order
 * that makes sense, and it is synchronous, async, or a generator of either kind.
 */
import { strict as check } from "node:assert";
import { test } from "node:test";
import fc from "fast-check";
import { type BatchRequest, runBatch, type Told } from "../../testing/helper-batch.ts";
import type { InferContext, Inputs } from "../model.ts";
import { model } from "../model.ts";
import { bytes, fp32, optional } from "../specifications.ts";
import { Tensor } from "../tensor.ts";
import { eachRequest } from "./each-request.ts";
import { fillOptionals } from "./fill-optionals.ts";
import { firstValue } from "./first-value.ts";
import { groupByValues } from "./group-by-values.ts";
import { padBatch } from "./pad-batch.ts";
import { requestList } from "./request-list.ts";
import { sample } from "./sample.ts";

const inputs = { x: fp32(-1), scale: optional(fp32(1)), text: bytes(1) } as const;
const outputs = { y: fp32(-1), echo: bytes(1) } as const;

type Given = Inputs<typeof inputs>;
interface Answer {
  readonly y: Tensor<"FP32">;
  readonly echo: Tensor<"BYTES">;
}
type Forms = Answer | Promise<Answer> | Generator<Answer> | AsyncGenerator<Answer>;
type Infer = (given: Given, context: InferContext<undefined>) => Forms;

const defaultScale = 3;

function resultOf(x: number, scale: number, text: string): number {
  return Math.fround(x * scale + text.length);
}

/** Of any number of rows, with and without a batch dimension. */
function compute({ x, scale, text }: Given): Answer {
  const { length } = text.data;
  const width = x.data.length / length;
  const y = x.map((value, index) => {
    const row = Math.floor(index / width);
    return resultOf(value, scale?.data[row] ?? defaultScale, text.data[row] ?? "");
  });
  return { y, echo: text.map((each) => each) };
}

const forms: Readonly<Record<string, (run: (given: Given) => Answer) => Infer>> = {
  sync: (run) => run,
  async: (run) => async (given) => await Promise.resolve(run(given)),
  generator: (run) =>
    function* (given) {
      yield run(given);
      yield run(given);
    },
  asyncGenerator: (run) =>
    async function* (given) {
      yield run(given);
      yield await Promise.resolve(run(given));
    },
};

/** The types of what is nested at random are known to nobody. */
type Wrap = (fn: Infer) => Infer;
const erased = (helper: unknown): ((...given: unknown[]) => Infer) => helper as never;

const outer: Readonly<Record<string, Wrap>> = {
  padBatch: (fn) => erased(padBatch)({ sizes: [2, 5, 16] }, fn),
  groupByScale: (fn) => erased(groupByValues)(["scale", "text"], fn),
  groupByText: (fn) => erased(groupByValues)(["text"], fn),
  eachRequest: (fn) => erased(eachRequest)({ concurrency: 2 }, fn),
  fillOptionals: (fn) => erased(fillOptionals)({ scale: [defaultScale] }, fn),
};

const inner: Readonly<Record<string, Wrap>> = {
  none: (fn) => fn,
  sample: (fn) => erased(sample)(fn),
  firstValue: (fn) =>
    erased(groupByValues)(
      ["text"],
      erased(firstValue)(["text"], (given: Given, context: InferContext<undefined>) => {
        const text = new Array<string>(context.rows).fill(given.text as never);
        return fn({ ...given, text: Tensor.from("BYTES", text, [context.rows, 1]) }, context);
      }),
    ),
};

const requestSizes = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 5 });
const batch = fc.record({
  sizes: requestSizes,
  width: fc.integer({ min: 1, max: 3 }),
  hasScale: fc.boolean(),
  seed: fc.infiniteStream(fc.integer({ min: 0, max: 3 })),
});

interface Drawn {
  readonly sizes: readonly number[];
  readonly width: number;
  readonly hasScale: boolean;
  readonly seed: Iterator<number>;
}

function tensorsOf({ sizes, width, hasScale, seed }: Drawn) {
  const rows = sizes.reduce((sum, size) => sum + size, 0);
  const draw = (count: number): number[] => Array.from({ length: count }, () => next(seed));
  const x = Tensor.from("FP32", Float32Array.from(draw(rows * width)), [rows, width]);
  const texts = draw(rows).map((length) => "é".repeat(length));
  const text = Tensor.from("BYTES", texts, [rows, 1]);
  const scale = Tensor.from("FP32", Float32Array.from(draw(rows)), [rows, 1]);
  return { given: { x, text, ...(hasScale && { scale }) }, rows };
}

function next(seed: Iterator<number>): number {
  return seed.next().value ?? 0;
}

/** Row by row, alone. */
function expectedOf({
  x,
  text,
  scale,
}: {
  x: Tensor<"FP32">;
  text: Tensor<"BYTES">;
  scale?: Tensor<"FP32">;
}) {
  const texts = text.data;
  const y = (x.toNested() as number[][]).map((row, index) =>
    row.map((value) => resultOf(value, scale?.data[index] ?? defaultScale, texts[index] ?? "")),
  );
  return { y, echo: texts.map((each) => [each]) };
}

/** Whoever got it: responses to all have a row for each, those to one its own. */
function responsesByRow(told: readonly Told[], requests: readonly BatchRequest[]) {
  const rows: unknown[][] = [];
  for (const [request, response] of told) {
    if (response === "end") continue;
    if (response instanceof Error) throw response;
    const y = response["y"] as unknown[];
    const before = request === undefined ? requests.slice(0, 0) : requests.slice(0, request);
    const first = before.reduce((sum, each) => sum + each.rows, 0);
    for (const [index, row] of y.entries()) {
      rows[first + index] = [...(rows[first + index] ?? []), row];
    }
  }
  return rows;
}

async function checkSame(drawn: Drawn, infer: Infer, isStream: boolean): Promise<void> {
  const { given } = tensorsOf(drawn);
  const expected = expectedOf(given);
  const requests = drawn.sizes.map((rows) => ({ rows }));
  const decoupled = isStream ? { decoupled: true } : {};
  const built = model("m", { inputs, outputs, ...decoupled, infer: infer as never });
  const answer = await runBatch(built, given as never, requests);
  if (!isStream) check.deepEqual(answer.outputs, expected);
  else
    check.deepEqual(
      responsesByRow(answer.told, requests),
      expected.y.map((row) => [row, row]),
    );
}

test("each row gets what it would get alone, whatever is around the function", async () => {
  const names = fc.array(fc.constantFrom(...Object.keys(outer)), { maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(
      batch,
      names,
      fc.constantFrom(...Object.keys(inner)),
      fc.constantFrom(...Object.keys(forms)),
      async (drawn, wraps, innermost, form) => {
        const isStream = form.toLowerCase().includes("generator");
        const unique = wraps.filter((name, index) => {
          return name !== "fillOptionals" || wraps.indexOf(name) === index;
        });
        const run = inner[innermost]?.(forms[form]?.(compute) ?? compute) ?? compute;
        const infer = unique.reduceRight((fn, name) => outer[name]?.(fn) ?? fn, run);
        await checkSame(drawn, infer, isStream);
      },
    ),
    { numRuns: 400, includeErrorInReport: true },
  );
});

test("a list of requests is the same batch", async () => {
  await fc.assert(
    fc.asyncProperty(batch, fc.constantFrom("sync", "async", "generator"), async (drawn, form) => {
      type Listed = readonly { readonly inputs: Given }[];
      const all = (list: Listed): Answer[] => list.map(({ inputs: own }) => compute(own));
      const list = {
        sync: all,
        async: async (each: Listed) => await Promise.resolve(all(each)),
        *generator(each: Listed) {
          yield all(each);
          yield all(each);
        },
      }[form];
      await checkSame(drawn, erased(requestList)(list), form === "generator");
    }),
    { numRuns: 100 },
  );
});
