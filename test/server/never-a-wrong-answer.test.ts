/**
 * Whatever is shared, nobody gets an answer that the model would not have given him: random requests
 * that are often equal and often nearly so, with answers shared in every way and in none.
 *
 * The answer holds all that the model was given. Callers write into what they get, and some leave.
 */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { bytes, type InProcessResponse, int32, type ModelOptions, model, optional } from "shoal";
import { type TestServer, testServer } from "shoal/testing";

const ways: readonly ModelOptions[] = [
  {},
  { cache: true },
  { singleFlight: true },
  { cache: true, singleFlight: true },
  { cache: { maxBytes: 6000 }, singleFlight: true, instances: 2 },
  { cache: true, singleFlight: true, batching: { maxQueueDelayMs: 2 } },
];

/** The same numbers each time: Lehmer's generator. */
type Draw = (below: number) => number;

function drawer(seed: number): Draw {
  let state = seed + 1;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

interface Asked {
  readonly id: string;
  readonly a: readonly number[];
  readonly b: readonly number[] | undefined;
  readonly parameters: Readonly<Record<string, string | number>>;
  /** Empty: all. */
  readonly outputs: readonly ("text" | "sum")[];
  /** Its caller leaves at once. */
  readonly isGone: boolean;
}

function drawRequest(draw: Draw, id: string): Asked {
  const values = (): number[] => Array.from({ length: draw(2) + 1 }, () => draw(2));
  return {
    id,
    a: values(),
    b: draw(3) === 0 ? values() : undefined,
    parameters: draw(3) === 0 ? { user: draw(2) === 0 ? 1 : "1" } : {},
    outputs: (["text", "sum"] as const).filter(() => draw(3) === 0),
    isGone: draw(10) === 0,
  };
}

function sumOf(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

function answerTo({ a, b, parameters }: Asked): { readonly text: string; readonly sum: number } {
  const text = `${sumOf(a)} ${b?.length ?? "none"} ${JSON.stringify(parameters)}`;
  return { text, sum: sumOf(a) };
}

/** Whether it was answered. Who leaves may have his answer already. */
async function ask(server: TestServer, asked: Asked): Promise<boolean> {
  const { id, a, b, parameters, outputs, isGone } = asked;
  const leaving = new AbortController();
  const inputs = b === undefined ? { a: [a] } : { a: [a], b: [b] };
  const answer = server.infer(
    { model: "pure", id, inputs, parameters, outputs },
    { signal: leaving.signal },
  );
  if (!isGone) {
    examine(asked, await answer);
    return true;
  }
  leaving.abort();
  const [outcome] = await Promise.allSettled([answer]);
  if (outcome.status === "fulfilled") examine(asked, outcome.value);
  else check.equal(outcome.reason.code, "CANCELLED");
  return outcome.status === "fulfilled";
}

function examine(asked: Asked, { id, outputs }: InProcessResponse): void {
  const expected = answerTo(asked);
  const isWanted = (name: "text" | "sum"): boolean =>
    asked.outputs.length === 0 || asked.outputs.includes(name);
  const { text, sum } = outputs;
  check.equal(id, asked.id);
  check.deepEqual(text?.data, isWanted("text") ? [expected.text] : undefined);
  check.deepEqual(sum?.data, isWanted("sum") ? Int32Array.of(expected.sum) : undefined);
  (sum?.data as Int32Array | undefined)?.fill(99);
}

for (const [index, options] of ways.entries()) {
  test(`shared by ${JSON.stringify(options)}`, async () => {
    let runCount = 0;
    const pure = model("pure", {
      inputs: { a: int32(-1), b: optional(int32(-1)) },
      outputs: { text: bytes(1), sum: int32(1) },
      ...options,
      infer: ({ a, b }, { rows, requests }) => {
        runCount += rows;
        const perRow = a.data.length / rows;
        const sums = requests.map((_, row) =>
          sumOf(a.data.slice(row * perRow, (row + 1) * perRow)),
        );
        const text = requests.map(({ parameters }, row) => [
          `${sums[row]} ${b?.shape[1] ?? "none"} ${JSON.stringify(parameters)}`,
        ]);
        return { text, sum: sums.map((sum) => [sum]) };
      },
    });
    await using server = await testServer(pure);
    const draw = drawer(index);
    const answers: Promise<boolean>[] = [];
    for (let count = 0; count < 1500; count += 1) {
      answers.push(ask(server, drawRequest(draw, `${count}`)));
      if (draw(4) === 0) await server.advance(draw(3));
    }
    await server.advance(100);
    const answeredCount = (await Promise.all(answers)).filter(Boolean).length;
    if (Object.keys(options).length === 0) check.equal(runCount, answeredCount);
    else check.ok(runCount < answeredCount, `${runCount} of ${answeredCount} were computed`);
  });
}
