/**
 * Helpers against a naive reference, for any batch: whatever wraps the function, each row gets the
 * same result as if it were computed alone, and a request that is refused fails alone.
 *
 * The function is y = x * scale + code of the text; helpers are nested at random, in any order
 * that makes sense, and it is synchronous, async, or a generator of either kind.
 */
import { strict as check } from "node:assert";
import { test } from "node:test";
import fc from "fast-check";
import { InferenceError } from "../../protocol/errors.ts";
import { type BatchRequest, failuresOf, runBatch, type Told } from "../../testing/helper-batch.ts";
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

type Compute = (given: Given, context: { readonly rows: number }) => Answer;

/** With and without a batch dimension; firstValue may have put a text in the place of its rows. */
const compute: Compute = ({ x, scale, text }, { rows }) => {
  const texts = typeof text === "string" ? new Array<string>(rows).fill(text) : text.data;
  const width = x.size / rows;
  const y = x.map((value, index) => {
    const row = Math.floor(index / width);
    return resultOf(value, scale?.data[row] ?? defaultScale, texts[row] ?? "");
  });
  return { y, echo: Tensor.from("BYTES", texts, x.shape.length === 1 ? [1] : [rows, 1]) };
};

const forms: Readonly<Record<string, (run: Compute) => Infer>> = {
  sync: (run) => run,
  async: (run) => async (given, context) => await Promise.resolve(run(given, context)),
  generator: (run) =>
    function* (given, context) {
      yield run(given, context);
      yield run(given, context);
    },
  asyncGenerator: (run) =>
    async function* (given, context) {
      yield run(given, context);
      yield await Promise.resolve(run(given, context));
    },
};

/** The types of what is nested at random are known to nobody. */
type Wrap = (fn: Infer) => Infer;
const erased = (helper: unknown): ((...given: unknown[]) => Infer) => helper as never;

const helpers: Readonly<Record<string, Wrap>> = {
  padBatch: (fn) => erased(padBatch)({ sizes: [2, 5, 16] }, fn),
  groupByScale: (fn) => erased(groupByValues)(["scale", "text"], fn),
  groupByText: (fn) => erased(groupByValues)(["text"], fn),
  eachRequest: (fn) => erased(eachRequest)({ concurrency: 2 }, fn),
  sample: (fn) => erased(sample)(fn),
  firstValue: (fn) => erased(groupByValues)(["text"], erased(firstValue)(["text"], fn)),
  fillOptionals: (fn) => erased(fillOptionals)({ scale: [defaultScale] }, fn),
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

/** Requests with a 3 fail, all others get what they would get alone. */
async function checkOthers(drawn: Drawn, infer: Infer, isStream: boolean): Promise<void> {
  const { given } = tensorsOf(drawn);
  const requests = drawn.sizes.map((rows) => ({ rows }));
  const owners = drawn.sizes.flatMap((rows, request) => new Array<number>(rows).fill(request));
  const guilty = new Set(owners.filter((_, row) => given.x.row(row).data.includes(3)));
  const decoupled = isStream ? { decoupled: true } : {};
  const built = model("m", { inputs, outputs, ...decoupled, infer: infer as never });
  const { outputs: joined, told } = await runBatch(built, given as never, requests);
  const failed = failuresOf(told).map(([request, code]) => [request, code]);
  check.deepEqual(
    failed.sort(),
    [...guilty].sort().map((each) => [each, "INVALID_ARGUMENT"]),
  );
  const answered = told.filter(([, what]) => !(what instanceof Error));
  const rows = isStream ? responsesByRow(answered, requests) : (joined["y"] as unknown[]);
  for (const [row, value] of expectedOf(given).y.entries()) {
    if (guilty.has(owners[row] ?? 0)) continue;
    check.deepEqual(rows[row], isStream ? [value, value] : value);
  }
}

/** From the outside in: without what cannot stand within the others, and is refused there. */
function sensible(names: readonly string[]): readonly string[] {
  return names.filter((name, index) => {
    const around = names.slice(0, index);
    if (around.includes("sample")) return name === "fillOptionals" && !around.includes(name);
    if (name === "fillOptionals") return !around.includes(name);
    return !(around.includes("firstValue") && /^groupBy|^firstValue/.test(name));
  });
}

test("each row gets what it would get alone, whatever is around the function", async () => {
  const names = fc.array(fc.constantFrom(...Object.keys(helpers)), { maxLength: 5 });
  const form = fc.constantFrom(...Object.keys(forms));
  await fc.assert(
    fc.asyncProperty(batch, names.map(sensible), form, async (drawn, nested, formName) => {
      const run = forms[formName]?.(compute) ?? compute;
      const infer = nested.reduceRight((fn, name) => helpers[name]?.(fn) ?? fn, run);
      await checkSame(drawn, infer, formName.toLowerCase().includes("generator"));
    }),
    { numRuns: 500, includeErrorInReport: true },
  );
});

test("a request that is refused fails alone, whatever is around the function", async () => {
  const names = fc.array(fc.constantFrom(...Object.keys(helpers)), { maxLength: 5 });
  const form = fc.constantFrom(...Object.keys(forms));
  await fc.assert(
    fc.asyncProperty(batch, names.map(sensible), form, async (drawn, nested, formName) => {
      // The only request of a batch fails with it.
      fc.pre(drawn.sizes.length > 1);
      const refusing: Compute = (given, context) => {
        if (given.x.data.includes(3)) throw new InferenceError("INVALID_ARGUMENT", "3 is refused");
        return compute(given, context);
      };
      const run = forms[formName]?.(refusing) ?? refusing;
      const alone = nested.includes("sample") ? run : (helpers["eachRequest"]?.(run) ?? run);
      const infer = nested.reduceRight((fn, name) => helpers[name]?.(fn) ?? fn, alone);
      await checkOthers(drawn, infer, formName.toLowerCase().includes("generator"));
    }),
    { numRuns: 500, includeErrorInReport: true },
  );
});

test("a list of requests is the same batch", async () => {
  await fc.assert(
    fc.asyncProperty(batch, fc.constantFrom("sync", "async", "generator"), async (drawn, form) => {
      type Listed = readonly { readonly inputs: Given; readonly rows: number }[];
      const all = (list: Listed): Answer[] =>
        list.map(({ inputs: own, rows }) => compute(own, { rows }));
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
