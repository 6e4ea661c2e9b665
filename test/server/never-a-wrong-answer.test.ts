/**
 * Whatever is shared, nobody gets an answer that the model would not have given him: random requests
 * that are often equal and often nearly so, with answers shared in every way and in none.
 *
 * The answer holds all that the model was given. Callers write into what they get.
 */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { bytes, int32, type ModelOptions, model, optional } from "shoal";
import { testServer } from "shoal/testing";

const ways: readonly ModelOptions[] = [
  {},
  { cache: true },
  { singleFlight: true },
  { cache: true, singleFlight: true },
  { cache: { maxBytes: 6000 }, singleFlight: true, batching: false },
  { cache: true, singleFlight: true, batching: { maxQueueDelayMs: 2 } },
];

/** The same numbers each time: Lehmer's generator. */
function drawer(seed: number): (below: number) => number {
  let state = seed + 1;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

for (const [index, { batching, ...shared }] of ways.entries()) {
  const isBatching = batching !== false;
  test(`shared by ${JSON.stringify(ways[index])}`, async () => {
    let runCount = 0;
    let answeredCount = 0;
    const pure = model("pure", {
      inputs: { a: int32(-1), b: optional(int32(-1)) },
      outputs: { text: bytes(1), sum: int32(1) },
      ...shared,
      ...(batching === undefined ? {} : { batching }),
      infer: ({ a, b }, { rows, requests }) => {
        runCount += rows;
        const perRow = a.data.length / rows;
        const sums = Array.from({ length: rows }, (_, row) =>
          [...a.data.slice(row * perRow, (row + 1) * perRow)].reduce(
            (one, other) => one + other,
            0,
          ),
        );
        const infos = requests.flatMap(({ parameters, rows: own }) =>
          Array.from({ length: own }, () => JSON.stringify(parameters)),
        );
        const all = b === undefined ? "none" : b.shape.join();
        const text = infos.map((info, row) => `${sums[row]} ${all.split(",").at(-1)} ${info}`);
        return isBatching
          ? { text: text.map((one) => [one]), sum: sums.map((one) => [one]) }
          : { text: text, sum: sums };
      },
    });
    await using server = await testServer(pure);
    const draw = drawer(index);
    const answers: Promise<void>[] = [];
    for (let count = 0; count < 1500; count += 1) {
      const a = Array.from({ length: draw(2) + 1 }, () => draw(2));
      const hasB = draw(3) === 0;
      const b = Array.from({ length: draw(2) + 1 }, () => draw(2));
      const parameters = draw(3) === 0 ? { user: draw(2) === 0 ? 1 : "1" } : {};
      const outputs = (["text", "sum"] as const).filter(() => draw(3) === 0);
      const id = `${count}`;
      const isGone = draw(10) === 0;
      const leaving = new AbortController();
      const wrap = (values: number[]): number[] | number[][] => (isBatching ? [values] : values);
      const inputs = hasB ? { a: wrap(a), b: wrap(b) } : { a: wrap(a) };
      const asked = server.infer(
        { model: "pure", id, inputs, parameters, outputs },
        { signal: leaving.signal },
      );
      const sum = a.reduce((one, other) => one + other, 0);
      const text = `${sum} ${hasB ? b.length : "none"} ${JSON.stringify(parameters)}`;
      answers.push(
        asked.then(
          (response) => {
            answeredCount += 1;
            check.equal(response.id, id);
            const expected = outputs.length === 0 ? ["text", "sum"] : outputs;
            check.deepEqual(Object.keys(response.outputs).sort(), [...expected].sort());
            const got = response.outputs;
            if (got["sum"] !== undefined) {
              check.deepEqual([...(got["sum"].data as Iterable<unknown>)], [sum]);
              (got["sum"].data as Int32Array).fill(99);
            }
            if (got["text"] !== undefined) check.deepEqual(got["text"].data, [text]);
          },
          (error: { code: string }) => {
            check.ok(isGone);
            check.equal(error.code, "CANCELLED");
          },
        ),
      );
      if (isGone) leaving.abort();
      if (draw(4) === 0) await server.advance(draw(3));
    }
    await server.advance(100);
    await Promise.all(answers);
    if (Object.keys(shared).length === 0) check.equal(runCount, answeredCount);
    else check.ok(runCount < answeredCount, `${runCount} of ${answeredCount} were computed`);
  });
}
