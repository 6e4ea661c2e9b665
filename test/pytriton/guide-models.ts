/** Rows of the guide: what a model says of itself. */
import { strict as check } from "node:assert";
import { EventEmitter, once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  bf16,
  bool,
  bytes,
  createServer,
  fp16,
  fp32,
  fp64,
  int8,
  int16,
  int32,
  int64,
  model,
  type Outputs,
  optional,
  uint8,
  uint16,
  uint32,
  uint64,
} from "shoal";
import { testServer } from "shoal/testing";
import { post, quietLoopback } from "../conformance/server.ts";
import { type Rows, rowsOf, serving, tensors, times, yOf } from "./guide-fixture.ts";

const one = { model: "times", inputs: { x: [[5]] } };

export const modelRows: Rows = {
  '`bind("a.b_c-1", ...)`': async (t) => {
    const { infer } = { infer: () => ({ y: [[1]] }) };
    const server = await serving(t, model("a.b_c-1", { ...tensors, infer }));
    await server.listen();
    check.equal((await fetch(`${server.urls.http}/v2/models/a.b_c-1/ready`)).status, 200);
    for (const name of ["a b", "", "stats"]) {
      check.throws(() => model(name, { ...tensors, infer }), {
        message: /^model\(\): 'name' must/,
      });
    }
  },

  '`Tensor(name="x", dtype=np.float32, shape=(-1,))`': async (t) => {
    const numbers = { uint8, uint16, uint32, int8, int16, int32, fp16, bf16, fp32, fp64 };
    for (const [datatype, make] of Object.entries({ ...numbers, bool, uint64, int64, bytes })) {
      check.equal(make(1).datatype, datatype.toUpperCase());
    }
    const both = { x: fp32(-1), z: bf16(2) };
    const echo = model("echo", { inputs: both, outputs: both, infer: ({ x, z }) => ({ x, z }) });
    const server = await serving(t, echo);
    const { outputs } = await server.infer({
      model: echo,
      inputs: { x: [[1, 2, 3]], z: [[4, 5]] },
    });
    check.deepEqual([outputs.x.toNested(), outputs.z.toNested()], [[[1, 2, 3]], [[4, 5]]]);
    await server.listen();
    const metadata = await (await fetch(`${server.urls.http}/v2/models/echo`)).json();
    check.deepEqual((metadata as { readonly inputs: unknown }).inputs, [
      { name: "x", datatype: "FP32", shape: [-1, -1] },
      { name: "z", datatype: "BF16", shape: [-1, 2] },
    ]);
  },

  "a `Tensor` without a name is `INPUT_1`, `OUTPUT_1`": async (t) => {
    const named = model("m", {
      inputs: { INPUT_1: fp32(1) },
      outputs: { OUTPUT_1: fp32(1) },
      infer: ({ INPUT_1 }) => ({ OUTPUT_1: INPUT_1 }),
    });
    const server = await serving(t, named);
    const { outputs } = await server.infer({ model: named, inputs: { INPUT_1: [[5]] } });
    check.deepEqual(outputs.OUTPUT_1.toNested(), [[5]]);
  },

  "`Tensor(dtype=np.bytes_)`, `dtype=np.object_`": async (t) => {
    const texts = { text: bytes(1), raw: bytes(1, { as: "bytes" }) };
    const echo = model("echo", {
      inputs: texts,
      outputs: texts,
      infer: ({ text, raw }) => ({
        text: text.data.map((each) => each.toUpperCase()),
        raw: raw.data.map((each) => each.subarray(1)),
      }),
    });
    const server = await serving(t, echo);
    const raw = [[Uint8Array.of(1, 2, 0)]];
    const { outputs } = await server.infer({ model: echo, inputs: { text: [["grüße"]], raw } });
    check.deepEqual([outputs.text.data, outputs.raw.data], [["GRÜSSE"], [Uint8Array.of(2, 0)]]);
  },

  "`Tensor(dtype=np.int64)`": async (t) => {
    const exact = model("exact", {
      inputs: { big: int64(1), small: int64(1, { as: "number" }) },
      outputs: { big: int64(1), small: int64(1, { as: "number" }) },
      infer: ({ big, small }) => ({
        big: big.map((value) => value + 1n),
        small: small.map((value) => value + 1),
      }),
    });
    const server = await serving(t, exact);
    const inputs = { big: [[2n ** 60n]], small: [[7]] };
    const { outputs } = await server.infer({ model: exact, inputs });
    check.deepEqual(
      [outputs.big.toNested(), outputs.small.toNested()],
      [[[2n ** 60n + 1n]], [[8]]],
    );
  },

  "`Tensor(..., optional=True)`": async (t) => {
    const sum = model("sum", {
      inputs: { x: fp32(4), more: optional(fp32(4)) },
      outputs: { y: fp32(4) },
      infer: ({ x, more }) => ({ y: x.map((value, at) => value + (more?.data[at] ?? 100)) }),
    });
    const server = await serving(t, sum);
    const x = [[1, 2, 3, 4]];
    check.deepEqual(await yOf(server, { model: "sum", inputs: { x } }), [[101, 102, 103, 104]]);
    check.deepEqual(await yOf(server, { model: "sum", inputs: { x, more: x } }), [[2, 4, 6, 8]]);
    const outputs = { y: optional(fp32(4)) } as never;
    check.throws(() => model("m", { ...tensors, outputs, infer: ({ x }) => ({ y: x }) as never }), {
      message: /'outputs.y' must not be optional/,
    });
  },

  "`inputs=[]`": async (t) => {
    const told = model("told", {
      inputs: {},
      outputs: { y: fp32(1) },
      batching: false,
      infer: (_inputs, { requests }) => ({ y: [Number(requests[0]?.parameters["a"])] }),
    });
    const server = await serving(t, told);
    await server.listen();
    const body = { parameters: { a: 3 }, inputs: [] };
    const { text } = await post(`${server.urls.http}/v2/models/told/infer`, body);
    check.deepEqual(JSON.parse(text).outputs[0], {
      name: "y",
      datatype: "FP32",
      shape: [1],
      data: [3],
    });
  },

  "`strict=True`": async (t) => {
    const outputs = { y: int32(2) };
    const returning = (name: string, value: unknown) =>
      model(name, { ...tensors, outputs, infer: () => value as Outputs<typeof outputs> });
    const wrong = {
      missing: [{}, "infer did not return output 'y'"],
      surplus: [{ y: [[1, 2]], z: [[1]] }, "infer returned 'z', which is no output of it"],
      datatype: [{ y: Float32Array.of(1, 2) }, "output 'y' must be a Int32Array"],
      cast: [{ y: [[1.5, 2]] }, "1.5 is not a value of INT32"],
      dimension: [{ y: [[1, 2, 3]] }, "of shape [1,2]; got [1,3]"],
      rows: [
        {
          y: [
            [1, 2],
            [3, 4],
          ],
        },
        "of shape [1,2]; got [2,2]",
      ],
    } as const;
    const models = Object.entries(wrong).map(([name, [value]]) => returning(name, value));
    const server = await serving(t, models);
    for (const [name, [, message]] of Object.entries(wrong)) {
      const failed = server.infer({ model: name, inputs: { x: [[1]] } });
      await check.rejects(failed, ({ code, message: told }) => {
        check.equal(code, "INTERNAL");
        return told.includes(message) || check.fail(told);
      });
    }
  },

  "`ModelConfig(batching=False)`": async () => {
    const shapes: unknown[] = [];
    const whole = model("whole", {
      batching: false,
      inputs: { x: fp32(-1, 2) },
      outputs: { y: fp32(-1, 2) },
      infer: ({ x }, { requests }) => {
        shapes.push([x.shape, requests.length]);
        return { y: x };
      },
    });
    await using server = await testServer(whole);
    const x = [
      [1, 2],
      [3, 4],
      [5, 6],
    ];
    const calls = [1, 2].map(() => server.infer({ model: whole, inputs: { x } }));
    for (const { outputs } of await Promise.all(calls)) check.deepEqual(outputs.y.toNested(), x);
    check.deepEqual(shapes, [
      [[3, 2], 1],
      [[3, 2], 1],
    ]);
  },

  "`ModelConfig(max_batch_size=4)`": async () => {
    await using server = await testServer([
      times(1, { name: "four", maxBatchSize: 4 }),
      times(1, { name: "default" }),
    ]);
    const send = (name: string, count: number) =>
      Promise.all(Array.from({ length: count }, () => yOf(server, { ...one, model: name })));
    await send("four", 6);
    await send("default", 40);
    check.deepEqual(rowsOf(server), [4, 2, 32, 8]);
  },

  "`ModelConfig(response_cache=True)`": async (t) => {
    let runCount = 0;
    const counted = model("counted", {
      ...tensors,
      cache: true,
      infer: ({ x }) => {
        runCount += 1;
        return { y: x.map((value) => value * runCount) };
      },
    });
    const server = await serving(t, counted);
    const ask = (value: number) => yOf(server, { model: "counted", inputs: { x: [[value]] } });
    check.deepEqual([await ask(5), await ask(5), await ask(6)], [[[5]], [[5]], [[12]]]);
    check.equal(runCount, 2);
  },

  "`ModelConfig(decoupled=True)`": async (t) => {
    const generated = model("generated", {
      ...tensors,
      *infer({ x }) {
        for (const factor of [1, 2]) yield { y: x.map((value) => value * factor) };
      },
    });
    const sent = model("sent", {
      ...tensors,
      decoupled: true,
      infer: async ({ x }, { requests, send }) => {
        for (const factor of [1, 2]) {
          const response = x.map((value) => value * factor);
          await Promise.all(
            requests.map(({ firstRow, rows }, request) =>
              send(request, { y: response.slice(firstRow, firstRow + rows).clone() }),
            ),
          );
        }
      },
    });
    const server = await serving(t, [generated, sent]);
    await server.listen();
    for (const { name } of [generated, sent]) {
      const url = `${server.urls.http}/v2/models/${name}/generate_stream`;
      const { text } = await post(url, { x: 5 });
      const events = text.trim().split("\n\n");
      check.deepEqual(
        events.map((event) => JSON.parse(event.slice(6)).y),
        [5, 10],
      );
    }
  },

  "`ModelWarmup(name=..., batch_size=8, count=2)`": async (t) => {
    const seen: unknown[] = [];
    const [name, inputs] = ["first", "zero"] as const;
    const warmed = model("warmed", {
      ...tensors,
      warmup: { name, batchSizes: 8, count: 2, inputs },
      // Also a generator is warmed up.
      *infer({ x }, { isWarmup, rows }) {
        seen.push([isWarmup, rows, x.data.every((value) => value === 0)]);
        yield { y: x };
      },
    });
    await serving(t, warmed);
    check.deepEqual(seen, [
      [true, 8, true],
      [true, 8, true],
    ]);
    const broken = model("broken", {
      ...tensors,
      warmup: { name, batchSizes: 8, count: 2, inputs },
      infer: () => Promise.reject(new Error("no device")),
    });
    await using server = createServer(broken, quietLoopback);
    await check.rejects(server.ready, { message: /failed its warm-up, sample 'first'.*size 8/ });
  },

  "`WarmupInput(zero_data=True)`, `random_data`, `input_data_file`": async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "shoal-warm-"));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, "row.bin"), Float32Array.of(7));
    const seen: number[][] = [];
    const warmed = model("warmed", {
      ...tensors,
      warmup: [
        { inputs: { x: "zero" } },
        { inputs: { x: "random" } },
        { inputs: { x: { file: join(folder, "row.bin") } } },
        { inputs: { x: { values: [1] } } },
      ],
      infer: ({ x }) => {
        seen.push([...x.data]);
        return { y: x };
      },
    });
    await serving(t, warmed);
    const [zero, random = [], ...others] = seen;
    check.deepEqual([zero, others], [[0], [[7], [1]]]);
    check.ok(random.every((value) => value > 0 && value < 1));
  },

  "`infer_func=[f, g]`": async (t) => {
    // Each waits for all: only instances of their own let them go on.
    const events = new EventEmitter();
    const all = once(events, "all");
    let count = 0;
    const together = async (): Promise<void> => {
      count += 1;
      if (count === 4) events.emit("all");
      await all;
    };
    const adding =
      (amount: number) =>
      async ({ x }: { x: { data: Float32Array } }) => {
        await together();
        return { y: x.data.map((value) => value + amount) };
      };
    const [f, g] = [adding(10), adding(20)];
    const listed = model("listed", { ...tensors, maxBatchSize: 1, infer: [f, g] });
    const copied = model("copied", {
      ...tensors,
      maxBatchSize: 1,
      instances: 2,
      infer: async ({ x }, { instance: { index } }) => {
        await together();
        return { y: x.map((value) => value + index) };
      },
    });
    const server = await serving(t, [listed, copied]);
    const ask = (name: string) => yOf(server, { model: name, inputs: { x: [[1]] } });
    const answers = await Promise.all([ask("listed"), ask("listed"), ask("copied"), ask("copied")]);
    check.deepEqual(answers.flat(2).sort(), [1, 11, 2, 21]);
  },

  "`model_version=2`": async (t) => {
    const models = [times(2), times(3, { version: 2 })];
    const server = await serving(t, models);
    const ask = (more: object) => yOf(server, { ...one, ...more });
    const answers = [await ask({ version: 1 }), await ask({ version: 2 }), await ask({})];
    check.deepEqual(answers, [[[10]], [[15]], [[15]]]);
    const message = "model 'times' is there twice in version 2";
    check.throws(() => createServer([...models, times(4, { version: 2 })]), { message });
  },
};
