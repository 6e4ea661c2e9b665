/**
 * The examples, as a user starts them: each is a process of its own, with free ports in place of
 * those it names, and does what its header says. Those with real models: onnx-examples.test.ts;
 * in a page: browser/react.test.ts; with another server: foreign/.
 */
import { strict as check } from "node:assert";
import { execFile } from "node:child_process";
import { join } from "node:path";
import test from "node:test";
import { promisify } from "node:util";
import { Program, shoalCommand } from "./program.ts";
import { filesUnder, root } from "./repository.ts";

const run = promisify(execFile);

const linearRequest = {
  inputs: [{ name: "x", shape: [1, 3], datatype: "FP32", data: [1, 2, 3] }],
};

async function infer(url: string, body: object): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  check.equal(response.status, 200, await response.clone().text());
  const { outputs } = (await response.json()) as { outputs: { data: unknown }[] };
  return outputs[0]?.data;
}

async function withProgram(
  args: readonly string[],
  use: (program: Program) => Promise<void>,
): Promise<void> {
  const program = new Program(args);
  try {
    await use(program);
  } catch (error) {
    throw new Error(`${program.stdout}${program.stderr}`, { cause: error });
  } finally {
    await program.stop();
  }
}

test("linear.mjs serves on 8000, with metrics on 8002", async () => {
  await withProgram(["examples/linear.mjs"], async (program) => {
    const url = `http://${await program.listening(8000)}/v2/models/linear/infer`;
    check.deepEqual(await infer(url, linearRequest), [-1, -2, -3]);
    const metrics = await fetch(`http://${await program.listening(8002)}/metrics`);
    check.match(await metrics.text(), /^nv_inference_count\{model="linear",version="1"\} 1$/m);
    check.equal(await program.stop(), 0);
  });
});

test("threads.mjs computes in two threads, and says that it serves once", async () => {
  await withProgram(["examples/threads.mjs"], async (program) => {
    const url = `http://${await program.listening(8000)}/v2/models/primes`;
    const inputs = [{ name: "below", shape: [2, 1], datatype: "INT32", data: [100, 1_000_000] }];
    check.deepEqual(await infer(`${url}/infer`, { inputs }), [25, 78_498]);
    const config = (await (await fetch(`${url}/config`)).json()) as {
      instance_group: { count: number }[];
    };
    check.equal(config.instance_group[0]?.count, 2);
    await program.until(() => program.stdout.includes("Counting primes"), "says so");
    check.equal(await program.stop(), 0);
    check.equal(program.stdout.split("Counting primes at http://").length, 2);
  });
});

test("in-process.mjs answers eight calls and ends", async () => {
  await withProgram(["examples/in-process.mjs"], async (program) => {
    check.equal(await program.settled(), 0);
    const lines = program.stdout.trimEnd().split("\n");
    const expected = Array.from({ length: 8 }, (_, index) => -(index + 1));
    check.deepEqual(
      lines.map((line) => line.replace(/ waited \d+\.\d{3} ms$/, "")),
      expected.map((value) => `[ [ ${value}, ${10 * value} ] ]`),
    );
  });
});

test("pipeline.mjs asks two models for each text", async () => {
  await withProgram(["examples/pipeline.mjs"], async (program) => {
    const url = `http://${await program.listening(8000)}/v2/models`;
    const answer = await fetch(`${url}/report/generate`, {
      method: "POST",
      body: JSON.stringify({ text: "small fish swim in large shoals" }),
    });
    const { count, word } = (await answer.json()) as Readonly<Record<string, unknown>>;
    check.deepEqual([count, word], [6, "shoals"]);
    const data = ["a whale", "minnows"];
    const inputs = [{ name: "text", shape: [2, 1], datatype: "BYTES", data }];
    check.deepEqual(await infer(`${url}/words/infer`, { inputs }), [2, 1]);
    check.equal(await program.stop(), 0);
  });
});

for (const [file, prefix] of [
  ["http-server.mjs", ""],
  ["express.mjs", "/ml"],
  ["fastify.mjs", ""],
]) {
  test(`${file} has routes of its own beside the protocol's`, async () => {
    await withProgram([`examples/${file}`], async (program) => {
      const url = `http://${await program.listening(3000)}`;
      check.equal(await (await fetch(`${url}/hello`)).text(), "hello\n");
      check.equal((await fetch(`${url}${prefix}/v2/health/ready`)).status, 200);
      check.equal((await fetch(`${url}${prefix}/v2`)).status, 200);
      const model = `${url}${prefix}/v2/models/linear`;
      check.deepEqual(await infer(`${model}/infer`, linearRequest), [-1, -2, -3]);
      check.equal(await program.stop(), 0);
    });
  });
}

test("streaming/: a page, and a story that comes word by word", async () => {
  await withProgram(["examples/streaming/server.mjs"], async (program) => {
    const url = `http://${await program.listening(8000)}`;
    const page = await (await fetch(url)).text();
    check.match(page, /generate_stream/);
    const response = await fetch(`${url}/v2/models/story/generate_stream`, {
      method: "POST",
      body: JSON.stringify({ prompt: "an eel" }),
    });
    const parts: string[] = [];
    const decoder = new TextDecoder();
    for await (const bytes of response.body ?? check.fail()) parts.push(decoder.decode(bytes));
    check.ok(parts.length > 10, `it came in ${parts.length} parts`);
    const words = Array.from(parts.join("").matchAll(/"text":"([^"]*)"/g), ([, word]) => word);
    check.match(words.join(""), /^Once there was an eel .* catch them\.$/);
    check.equal(await program.stop(), 0);
  });
});

test("typescript/: a model without a build, which the compiler accepts", async () => {
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  await run(process.execPath, [tsc, "-p", join(root, "examples", "typescript")]);
  await withProgram([shoalCommand, "serve", "examples/typescript"], async (program) => {
    const url = `http://${await program.listening(8000)}/v2/models/mood/infer`;
    const data = ["Great food, bad service", "awful"];
    const inputs = [{ name: "text", shape: [2, 1], datatype: "BYTES", data }];
    check.deepEqual(await infer(url, { inputs }), [1, -2]);
    check.equal(await program.stop(), 0);
  });
});

test("client/: a client with the types of a model's definition", async () => {
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  await run(process.execPath, [tsc, "-p", join(root, "examples", "client")]);
  await withProgram([shoalCommand, "serve", "examples/typescript"], async (program) => {
    const env = { SHOAL_URL: `http://${await program.listening(8000)}` };
    const jiti = join(root, "node_modules", "jiti", "lib", "jiti-cli.mjs");
    const asking = new Program([jiti, join("examples", "client", "ask.ts")], { env });
    check.equal((await asking.ended()).code, 0, asking.stderr);
    check.equal(asking.stdout, "2\n");
  });
});

test("client/react/: a component with the types of a server's models", async () => {
  const folder = join(root, "examples", "client", "react");
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  await run(process.execPath, [tsc, "-p", folder]);
  const models = ["examples/streaming/story.mjs", "-o", join(folder, "models.ts")];
  await run(process.execPath, [shoalCommand, "types", ...models, "--check"], { cwd: root });
});

async function outputsOf(url: string, body: object, headers = {}): Promise<unknown> {
  const response = await fetch(`${url}/infer`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  const { outputs, error } = (await response.json()) as {
    outputs?: { data: unknown }[];
    error?: string;
  };
  return outputs?.map(({ data }) => data) ?? error;
}

/** With the server of an example on its usual port. */
function example(file: string, what: string, use: (models: string) => Promise<void>): void {
  test(`${file}: ${what}`, async () => {
    await withProgram([`examples/${file}`], async (program) => {
      await use(`http://${await program.listening(8000)}/v2/models`);
      check.equal(await program.stop(), 0);
    });
  });
}

function tensor(name: string, datatype: string, data: readonly (readonly unknown[])[]): object {
  return { name, datatype, shape: [data.length, data[0]?.length], data: data.flat() };
}

example("add-sub.mjs", "with and without its optional input", async (models) => {
  const a = tensor("a", "FP32", [[3, 4]]);
  const b = tensor("b", "FP32", [[1, 2]]);
  const [alone, both] = await Promise.all([
    outputsOf(`${models}/add-sub`, { inputs: [a] }),
    outputsOf(`${models}/add-sub`, { inputs: [a, b] }),
  ]);
  check.deepEqual(alone, [
    [3, 4],
    [3, 4],
  ]);
  check.deepEqual(both, [
    [4, 6],
    [2, 2],
  ]);
});

example("several.mjs", "models, versions, instances", async (models) => {
  const inputs = [tensor("name", "BYTES", [["Ann"]])];
  const greeting = `${models}/greeting`;
  check.deepEqual(await outputsOf(`${greeting}/versions/1`, { inputs }), [["Hello, Ann."]]);
  check.deepEqual(await outputsOf(greeting, { inputs }), [["Good to see you, Ann!"]]);
  const points = [tensor("points", "FP64", [[100_000]])];
  const [[pi]] = (await outputsOf(`${models}/pi`, { inputs: points })) as [[number]];
  check.ok(pi > 3 && pi < 3.3);
});

example("parameters.mjs", "each request its own, and headers", async (models) => {
  const inputs = [tensor("usd", "FP64", [[10]])];
  const ask = (parameters: object, headers = {}) =>
    outputsOf(`${models}/prices`, { parameters, inputs }, headers);
  const gold = { "x-customer": "gold" };
  check.deepEqual(
    await Promise.all([ask({}), ask({ currency: "EUR" }), ask({ currency: "XXX" }), ask({}, gold)]),
    [[[10], ["USD"]], [[9], ["EUR"]], "there is no rate for XXX", [[8], ["USD"]]],
  );
});

example("online-learning.mjs", "what it has learnt, it answers", async (models) => {
  const x = [1, 2, 3].flatMap((one) => [1, 2].map((two) => [one, two]));
  const y = x.map(([one = 0, two = 0]) => [2 * one - two]);
  const inputs = [tensor("x", "FP64", x), tensor("y", "FP64", y)];
  for (let round = 0; round < 300; round += 1) await outputsOf(`${models}/train`, { inputs });
  const asked = { inputs: [tensor("x", "FP64", [[5, 1]])] };
  const [[answer]] = (await outputsOf(`${models}/predict`, asked)) as [[number]];
  check.ok(Math.abs(answer - 9) < 0.01, `${answer}`);
});

example("stateful.mjs", "each caller has a mean of its own", async (models) => {
  const send = (caller: unknown, ...values: number[]) =>
    outputsOf(`${models}/mean`, {
      parameters: caller === undefined ? {} : { caller },
      inputs: [
        tensor(
          "x",
          "FP64",
          values.map((value) => [value]),
        ),
      ],
    });
  check.deepEqual(await send("ann", 4), [[4]]);
  check.deepEqual(await send("bob", 10), [[10]]);
  check.deepEqual(await send("ann", 8, 9), [[6, 7]]);
  check.equal(await send(undefined, 1), "parameter 'caller' must be a name");
});

example("fastapi/server.mjs", "answers what main.py answered", async (models) => {
  const post = async (house: object): Promise<unknown> => {
    const body = JSON.stringify(house);
    const response = await fetch(`${models}/houses/generate`, { method: "POST", body });
    const { price, error } = (await response.json()) as { price?: number; error?: string };
    return price ?? error;
  };
  check.equal(await post({ area: 120, rooms: 4 }), 130_000);
  const [bad, good] = await Promise.all([
    post({ area: -1, rooms: 1 }),
    post({ area: 1, rooms: 1 }),
  ]);
  check.deepEqual([bad, good], ["area must be above 0", 6000]);
});

/** Started by onnx-examples.test.ts, or a part of what is started. */
const testedElsewhere = /^(start|ocr|vad|text|data)\/|^binary-client\.mjs$/;

test("no example goes untested", () => {
  const here = ["linear.mjs", "threads.mjs", "in-process.mjs", "http-server.mjs", "express.mjs"];
  const served = ["add-sub", "several", "parameters", "online-learning", "stateful"];
  const streaming = ["client.py", "page.html", "server.mjs", "story.mjs"];
  const tested = [
    ...here,
    ...served.map((name) => `${name}.mjs`),
    "fastapi/main.py",
    "fastapi/server.mjs",
    "pytriton/negative.py",
    "fastify.mjs",
    "pipeline.mjs",
    ...streaming.map((file) => `streaming/${file}`),
    "client/ask.ts",
    "client/react/models.ts",
    "client/react/story.tsx",
    "client/react/tsconfig.json",
    "client/shared-memory.ts",
    "client/tsconfig.json",
    "typescript/mood.ts",
    "typescript/tsconfig.json",
  ];
  const rest = filesUnder("examples").filter((path) => !testedElsewhere.test(path));
  check.deepEqual(rest, tested.sort());
});
