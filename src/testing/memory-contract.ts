/**
 * Contract about memory, as a suite that instances of functions run, inline and in threads: one
 * copy in, none out, and whatever a model does with its memory, each answer stays what it was.
 *
 * Answers are looked at when all batches of a case have run.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import type { ExecutionBatch } from "../core/instance.ts";
import type { Model } from "../definition/model.ts";
import type { CopiedBytes } from "../executor/copied-bytes.ts";
import type { WireTensor } from "../protocol/tensor.ts";
import { batchOf, bytesOf, contentsOf, inSlices, numbers } from "./batch-fixture.ts";
import { hostOptions, resolve } from "./executor-fixture.ts";
import { InstanceProbe } from "./instance-probe.ts";
import { type Keeping, keepingModels } from "./keeping-models.ts";

export interface MemoryKind {
  readonly name: string;
  readonly prepare: (model: Model) => Model;
  /** Are inputs put together only when the model reads them, and only if they lie apart? */
  readonly isLazy: boolean;
}

/** By request and output: name, shape, values. */
type Contents = readonly (readonly (readonly unknown[])[])[];

interface Ran {
  /** By batch. */
  readonly contents: readonly Contents[];
  readonly copied: CopiedBytes;
}

interface MemoryCase {
  readonly does: Keeping;
  readonly batches: () => readonly ExecutionBatch[];
  readonly expect: readonly Contents[];
  readonly copiedOutputs: number;
  /** Default: the model reads its inputs. */
  readonly isUnread?: boolean;
}

const one = (...values: readonly number[]): readonly WireTensor[] => {
  return [numbers("x", [values.length / 2, 2], values)];
};

const twoBatches = () => [batchOf(one(1, 2)), batchOf(one(3, 4), one(5, 6))];

/** An answer with an output `y` of these numbers, and the same for others. */
function y(...values: readonly number[]): readonly (readonly unknown[])[] {
  return [["y", [values.length / 2, 2], values]];
}

const asTheyCame = [[y(1, 2)], [y(3, 4), y(5, 6)]] as const;
const tenfold = [[y(10, 20)], [y(30, 40), y(50, 60)]] as const;

const cases: Readonly<Record<string, MemoryCase>> = {
  "its input as it is": {
    does: "returnsItsInput",
    batches: twoBatches,
    expect: asTheyCame,
    copiedOutputs: 0,
    isUnread: true,
  },
  "its input, changed in place": {
    does: "changesItsInput",
    batches: twoBatches,
    expect: tenfold,
    copiedOutputs: 0,
  },
  "the array of its input, which it may have kept": {
    does: "returnsDataOfItsInput",
    batches: twoBatches,
    expect: asTheyCame,
    copiedOutputs: 24,
  },
  "a new tensor": {
    does: "returnsANewTensor",
    batches: twoBatches,
    expect: tenfold,
    copiedOutputs: 0,
  },
  "nested arrays": {
    does: "returnsNestedArrays",
    batches: twoBatches,
    expect: asTheyCame,
    copiedOutputs: 0,
  },
  "arrays of its own, which it changes for the next batch": {
    does: "keepsAnArray",
    batches: () => [batchOf(one(1, 2)), batchOf(one(3, 4)), batchOf(one(5, 6))],
    expect: [
      [1, 2],
      [3, 4],
      [5, 6],
    ].map((values) => [
      [
        ["y", [1, 2], values],
        ["z", [1, 2], values],
      ],
    ]),
    copiedOutputs: 48,
  },
  "a tensor that it keeps, and reads when it is gone": {
    does: "keepsTensors",
    batches: () => [batchOf(one(1, 2)), batchOf(one(3, 4))],
    expect: [
      [
        [
          ["y", [1, 2], [1, 2]],
          ["told", [1, 3], ["", "", ""]],
        ],
      ],
      [
        [
          ["y", [1, 2], [3, 4]],
          [
            "told",
            [1, 3],
            [
              "this tensor (FP32 [1,2]) is gone: it was an input, and infer has settled: keep a clone()",
              "this tensor (FP32 [1,2]) is gone: it was returned from infer: return or keep a clone()",
              "this tensor (FP32 [1,2]) is gone: it was returned from infer: return or keep a clone()",
            ],
          ],
        ],
      ],
    ],
    copiedOutputs: 0,
  },
  "a copy of what came before": {
    does: "keepsACopy",
    batches: () => [batchOf(one(1, 2)), batchOf(one(3, 4)), batchOf(one(5, 6))],
    expect: [[y(1, 2)], [y(1, 2)], [y(3, 4)]],
    copiedOutputs: 0,
  },
  "one tensor as two outputs, and one array as two": {
    does: "returnsOneThingTwice",
    batches: () => [batchOf(one(1, 2), one(3, 4))],
    expect: [
      [
        [1, 2],
        [3, 4],
      ].map((values) => [
        ["y", [1, 2], values],
        ["z", [1, 2], values],
        ["v", [1, 2], values.map((value) => value + 1)],
        ["w", [1, 2], values.map((value) => value + 1)],
      ]),
    ],
    copiedOutputs: 32,
  },
  "a tensor, and parts of it": {
    does: "returnsParts",
    batches: () => [batchOf([numbers("x", [4, 2], [1, 2, 3, 4, 5, 6, 7, 8])])],
    expect: [
      [
        [
          ["whole", [4, 2], [1, 2, 3, 4, 5, 6, 7, 8]],
          ["row", [2], [3, 4]],
          ["rows", [2, 2], [5, 6, 7, 8]],
        ],
      ],
    ],
    copiedOutputs: 0,
  },
  "memory that nobody can give away": {
    does: "returnsOddMemory",
    batches: () => [batchOf(one(1, 2), one(3, 4)), batchOf(one(5, 6))],
    expect: [
      [
        [1, 2],
        [3, 4],
      ],
      [[5, 6]],
    ].map((batch) =>
      batch.map((values) => [
        ["pooled", [1, 2], values],
        ["own", [1, 2], values],
        ["subclass", [1, 2], values],
        ["wasm", [1, 2], values],
        ["shared", [1, 2], values],
      ]),
    ),
    copiedOutputs: 3 * (2 + 8 + 8),
  },
};

/** Registers a test for each case. */
export function memoryContract({ name, prepare, isLazy }: MemoryKind): void {
  for (const [what, { does, expect, copiedOutputs, isUnread, ...given }] of Object.entries(cases)) {
    void test(`${name}: a model returns ${what}`, async () => {
      const batches = given.batches();
      const { contents, copied } = await run(prepare(keepingModels[does]), batches);
      check.deepEqual(contents, expect);
      const copiedInputs = batches
        .filter(({ requests }) => !isLazy || (requests.length > 1 && !isUnread))
        .reduce((sum, batch) => sum + byteLengthOf(batch), 0);
      check.deepEqual(copied, { inputs: copiedInputs, outputs: copiedOutputs });
    });
  }

  const cut = [fp32Cut(5), fp32Cut(1), fp32Cut(3, 4)];
  for (const [index, tensor] of cut.entries()) {
    void test(`${name}: an input that came in pieces is put together once, ${index}`, async () => {
      const batches = [batchOf([tensor])];
      const { contents, copied } = await run(prepare(keepingModels.returnsANewTensor), batches);
      check.deepEqual(contents, [[y(10, 20)]]);
      check.deepEqual(copied, { inputs: 8, outputs: 0 });
      const passed = await run(prepare(keepingModels.returnsItsInput), batches);
      check.deepEqual(passed.contents, [[y(1, 2)]]);
      check.deepEqual(passed.copied, { inputs: isLazy ? 0 : 8, outputs: 0 });
    });
  }

  void test(`${name}: an input that lies where numbers cannot be read is copied once`, async () => {
    const bytes = new Uint8Array([0, ...bytesOf([1, 2])]).subarray(1);
    const tensor = { ...numbers("x", [1, 2], [0, 0]), chunks: [bytes] };
    const { contents, copied } = await run(prepare(keepingModels.returnsANewTensor), [
      batchOf([tensor]),
    ]);
    check.deepEqual(contents, [[y(10, 20)]]);
    check.deepEqual(copied, { inputs: 8, outputs: 0 });
  });
}

/** 1 and 2, in slices that end at these bytes. */
function fp32Cut(...cuts: readonly number[]): WireTensor {
  return inSlices(numbers("x", [1, 2], [1, 2]), ...cuts);
}

async function run(model: Model, batches: readonly ExecutionBatch[]): Promise<Ran> {
  const options = hostOptions();
  const { host } = await resolve(model, options);
  const probe = new InstanceProbe(host);
  await probe.isReady;
  const executions = [];
  for (const batch of batches) {
    executions.push(await probe.execute(batch));
    await turnOfTheLoop();
  }
  probe.instance.stop();
  await probe.exit;
  check.deepEqual(probe.faults, []);
  const contents = executions.map(({ answers, error }) => {
    check.equal(error, undefined);
    return answers.map((answer) => {
      check.ok(answer !== undefined && !(answer instanceof Error));
      return contentsOf(answer);
    });
  });
  return { contents, copied: options.copied };
}

function byteLengthOf({ requests }: ExecutionBatch): number {
  return requests.reduce((sum, { request }) => {
    return request.inputs.reduce((bytes, { byteLength }) => bytes + byteLength, sum);
  }, 0);
}

function turnOfTheLoop(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
