/** Inline instances: the contract, what they hold up, and how little they copy. */
import { strict as check } from "node:assert";
import { once } from "node:events";
import test from "node:test";
import type { ModelResponse } from "../core/instance.ts";
import { type Model, model } from "../definition/model.ts";
import { fp32 } from "../definition/specifications.ts";
import { batchOf, inSlices, numbers } from "../testing/batch-fixture.ts";
import { contractModels } from "../testing/contract-models.ts";
import {
  hostOptions,
  inline,
  type ObservedHostOptions,
  resolve,
} from "../testing/executor-fixture.ts";
import { instanceContract } from "../testing/instance-contract.ts";
import { type Execution, InstanceProbe } from "../testing/instance-probe.ts";

const contract = instanceContract({
  name: "inline",
  hostOf: async (behaviour) => (await resolve(inline(contractModels[behaviour]))).host,
});

for (const { name, run } of contract) test(name, run);

const tensors = { inputs: { x: fp32(2) }, outputs: { y: fp32(2) } };
const x = numbers("x", [1, 2], [1, 2]);

async function start(of: Model, options: ObservedHostOptions): Promise<InstanceProbe> {
  const probe = new InstanceProbe((await resolve(of, options)).host);
  await probe.isReady;
  return probe;
}

async function stop(probe: InstanceProbe): Promise<void> {
  probe.instance.stop();
  await probe.exit;
}

function busyFor(durationMs: number): void {
  const endMs = performance.now() + durationMs;
  while (performance.now() < endMs);
}

test("what a model holds up is measured: until it returns, throws, or waits", async () => {
  const options = hostOptions();
  let next = 0;
  const busy = model("m", {
    ...tensors,
    infer: ({ x: y }) => {
      busyFor(20);
      next += 1;
      if (next === 1) return { y };
      if (next === 2) throw new Error("slow, and in vain");
      return Promise.resolve().then(() => ({ y }));
    },
  });
  const probe = await start(busy, options);
  for (const said of ["done", "failed", "done"]) {
    await probe.execute(batchOf([x]));
    check.equal(probe.said.at(-1), said);
  }
  check.equal(options.blockedMs.length, 3);
  for (const blockedMs of options.blockedMs) check.ok(blockedMs >= 20, `${blockedMs}`);
  await stop(probe);
});

test("abandoned: its signal fires, so that what hangs can end", async () => {
  const options = hostOptions();
  const aborted: Promise<unknown>[] = [];
  const hanging = model("m", {
    ...tensors,
    infer: (_, { signal }) => {
      aborted.push(once(signal, "abort"));
      return new Promise<never>(() => {});
    },
  });
  const probe = await start(hanging, options);
  probe.execute(batchOf([x], [x])).catch(() => {});
  probe.instance.abandon();
  check.equal(aborted.length, 1);
  await Promise.all(aborted);
});

test("what a model logs is logged under its name", async () => {
  const options = hostOptions();
  const fields: unknown[] = [];
  const log = { ...options.log, warning: (...line: unknown[]) => void fields.push(line) };
  const talking = model("m", {
    ...tensors,
    setup: (context) => context.log.info("set up"),
    infer: ({ x: y }, context) => {
      context.log.warning("odd");
      context.log.error("bad");
      return { y };
    },
  });
  const probe = await start(talking, { ...options, log });
  await probe.execute(batchOf([x]));
  check.deepEqual(options.lines, ["info: set up", "error: bad"]);
  check.deepEqual(fields, [["odd", { model: "m", version: 1 }]]);
  await stop(probe);
});

/** What a model does with its input, and how many of 48 bytes from three requests are copied. */
const readers: readonly [
  what: string,
  infer: (x: { data: Float32Array }) => void,
  copied: number,
][] = [
  ["hands it on unread", () => {}, 0],
  ["reads it", ({ data }) => void data.length, 48],
  ["reads it twice", (tensor) => void (tensor.data.length + tensor.data.length), 48],
];

for (const [what, read, copied] of readers) {
  test(`${copied} bytes are copied from three requests if the model ${what}`, async () => {
    const options = hostOptions();
    const reading = model("m", {
      ...tensors,
      infer: ({ x: y }) => {
        read(y);
        return { y };
      },
    });
    const probe = await start(reading, options);
    const requests = [1, 2, 3].map((n) => [numbers("x", [2, 2], [n, n, n, n])]);
    const { answers } = await probe.execute(batchOf(...requests));
    check.deepEqual(options.copied, { inputs: copied, outputs: 0 });
    const sent = requests.map(([tensor]) => tensor?.chunks[0]?.buffer);
    const received = answers.map(
      (answer) => (answer as ModelResponse).outputs[0]?.chunks[0]?.buffer,
    );
    if (copied === 0) check.ok(received.every((buffer, index) => buffer === sent[index]));
    await stop(probe);
  });
}

test("a single request is read where it lies, unless it lies in slices, or askew", async () => {
  const options = hostOptions();
  const values: number[][] = [];
  const reading = model("m", {
    ...tensors,
    infer: ({ x: { data } }) => {
      values.push([...data]);
      return { y: data };
    },
  });
  const probe = await start(reading, options);
  const bytes = new Uint8Array(12);
  bytes.set(x.chunks[0] ?? [], 1);
  const askew = { ...x, chunks: [bytes.subarray(1, 9)] };
  const copied: number[] = [];
  for (const tensor of [x, inSlices(x, 3), askew]) {
    await probe.execute(batchOf([tensor]));
    copied.push(options.copied.inputs);
  }
  check.deepEqual(values, [
    [1, 2],
    [1, 2],
    [1, 2],
  ]);
  check.deepEqual(copied, [0, 8, 16]);
  check.equal(options.copied.outputs, 24, "the array is the model's own to know");
  await stop(probe);
});

test("what a model keeps stays as it is, whatever becomes of the answers", async () => {
  const options = hostOptions();
  const state = new Float32Array(2);
  const kept = model("m", {
    ...tensors,
    infer: ({ x: { data } }) => {
      state.set(data.map((value, index) => value + (state[index] ?? 0)));
      return { y: state };
    },
  });
  const probe = await start(kept, options);
  const first = await probe.execute(batchOf([x]));
  const buffer = bufferOf(first);
  check.notEqual(buffer, state.buffer);
  const second = await probe.execute(batchOf([x]));
  check.deepEqual([...state], [2, 4]);
  check.notEqual(bufferOf(second), state.buffer);
  check.equal(options.copied.outputs, 16);
  await stop(probe);
});

function bufferOf({ answers }: Execution): ArrayBufferLike | undefined {
  return (answers[0] as ModelResponse).outputs[0]?.chunks[0]?.buffer;
}
