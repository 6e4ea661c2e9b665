/**
 * Helpers in a server, inline and in threads: requests that share a batch get what each would get
 * alone, whatever stands around the function.
 */
import { strict as check } from "node:assert";
import { after, before, test } from "node:test";
import {
  createServer,
  fillOptionals,
  fp32,
  InferenceError,
  model,
  optional,
  padBatch,
  type Server,
} from "shoal";
import { testServer } from "shoal/testing";
import { quietLoopback } from "../conformance/server.ts";
import { helperModels } from "./helper-models.ts";

interface Call {
  readonly inputs: { readonly x: number[][]; readonly language: string[][] };
  readonly outputs: object;
}

function call(x: number[][], languages: readonly string[], greetings: readonly string[]): Call {
  return {
    inputs: { x, language: languages.map((each) => [each]) },
    outputs: { y: x, greeting: greetings.map((each) => [each]) },
  };
}

const calls: readonly Call[] = [
  call([[1, 2]], ["en"], ["hello"]),
  call(
    [
      [3, 4],
      [5, 6],
    ],
    ["zh", "zh"],
    ["你好", "你好"],
  ),
  call([[7, 8]], ["de"], ["hallo"]),
  call([[9, 10]], ["en"], ["hello"]),
];

/** With rows of two languages: firstValue takes one for each request. */
const mixed = call(
  [
    [1, 1],
    [2, 2],
  ],
  ["de", "en"],
  ["hallo", "hello"],
);

function shown(outputs: Readonly<Record<string, { toNested(): unknown }>>): object {
  return { y: outputs["y"]?.toNested(), greeting: outputs["greeting"]?.toNested() };
}

for (const kind of ["inline", "thread"] as const) {
  const { answering, streaming } = helperModels(kind);
  let server: Server;
  before(async () => {
    server = createServer([...answering, ...streaming], quietLoopback);
    await server.ready;
  });
  after(() => server.close());

  for (const { name } of answering) {
    test(`${kind}: ${name}`, async () => {
      const all = name === "first-value" ? calls : [...calls, mixed];
      const plain = all.map(({ inputs }) => server.infer({ model: name, inputs }));
      const answers = await Promise.all(plain);
      check.deepEqual(
        answers.map(({ outputs }) => shown(outputs)),
        all.map(({ outputs }) => outputs),
      );
    });
  }

  test(`${kind}: an optional input is used where it is given`, async () => {
    const names = answering.map(({ name }) => name).filter((name) => name !== "an-object");
    for (const name of names) {
      const scaled = [1, 2, 3].map(async (scale) => {
        const inputs = { x: [[1, 2]], language: [["en"]], scale: [[scale]] };
        return shown((await server.infer({ model: name, inputs })).outputs);
      });
      const expected = [1, 2, 3].map((k) => ({ y: [[k, 2 * k]], greeting: [["hello"]] }));
      check.deepEqual(await Promise.all(scaled), expected, name);
    }
  });

  for (const { name } of streaming) {
    test(`${kind}: ${name}`, async () => {
      const streams = [...calls, mixed].map(async ({ inputs, outputs }) => {
        const got: object[] = [];
        for await (const response of server.stream({ model: name, inputs })) {
          got.push(shown(response.outputs));
        }
        check.deepEqual(got, [outputs, outputs]);
      });
      await Promise.all(streams);
    });
  }
}

const seen: string[][] = [];
const recording = model("recording", {
  inputs: { a: optional(fp32(1)), b: optional(fp32(1)), x: fp32(1) },
  outputs: { y: fp32(1) },
  batching: { maxQueueDelayMs: 5 },
  infer: (given) => {
    seen.push([...Object.keys(given), `${given.x.rows}`]);
    return { y: given.x };
  },
});

test("a batch never mixes sets of inputs: nothing is to be grouped by them", async () => {
  await using server = await testServer(recording);
  const x = [[1]];
  const sets = [{ x }, { x, a: x }, { x, a: x, b: x }, { x, b: x }, { x }, { x, a: x }];
  const answers = sets.map((inputs) => server.infer({ model: recording, inputs }));
  await server.advance(100);
  for (const { outputs } of await Promise.all(answers)) check.deepEqual(outputs.y.toNested(), x);
  check.ok(server.batches.length >= 4);
  for (const { rows } of server.batches) check.ok(rows >= 1);
  // Every row came in a batch of its own set.
  const counts = new Map<string, number>();
  for (const names of seen) {
    const key = names.slice(0, -1).sort().join();
    counts.set(key, (counts.get(key) ?? 0) + Number(names.at(-1)));
  }
  check.deepEqual([...counts].sort(), [
    ["a,b,x", 1],
    ["a,x", 2],
    ["b,x", 1],
    ["x", 2],
  ]);
});

test("requests with and without an optional input: each batch is filled by itself", async () => {
  const batches: number[][] = [];
  const filled = model("filled", {
    inputs: { x: fp32(1), scale: optional(fp32(1)) },
    outputs: { y: fp32(1) },
    batching: { maxQueueDelayMs: 5 },
    infer: fillOptionals(
      { scale: [10] },
      padBatch({ sizes: [3] }, ({ x, scale }, { rows }) => {
        batches.push([rows, ...scale.data]);
        return { y: x.map((value, row) => value * (scale.data[row] ?? 0)) };
      }),
    ),
  });
  await using server = await testServer(filled);
  const x = [[2]];
  const answers = [
    server.infer({ model: filled, inputs: { x } }),
    server.infer({ model: filled, inputs: { x } }),
    server.infer({ model: filled, inputs: { x, scale: [[7]] } }),
  ];
  await server.advance(100);
  const outputs = (await Promise.all(answers)).map(({ outputs: { y } }) => y.toNested());
  check.deepEqual(outputs, [[[20]], [[20]], [[14]]]);
  check.deepEqual(batches, [
    [3, 10, 10, 10],
    [3, 7, 7, 7],
  ]);
});

test("errors keep their code and their message", async () => {
  const refusing = model("refusing", {
    inputs: { x: fp32(1) },
    outputs: { y: fp32(1) },
    infer: padBatch((): never => {
      throw new InferenceError("INVALID_ARGUMENT", "not this one");
    }),
  });
  await using server = await testServer(refusing);
  await check.rejects(server.infer({ model: refusing, inputs: { x: [[1]] } }), {
    code: "INVALID_ARGUMENT",
    message: /not this one/,
  });
});
