/** Configurations of Triton's example backends, as models of a repository. */
import { strict as check } from "node:assert";
import test from "node:test";
import type { InferenceCore } from "../../core/inference-core.ts";
import { modelConfigJson } from "../../core/model-config-json.ts";
import { indexLines, serveRepository } from "../../testing/repository-fixture.ts";
import { inferInProcess } from "../in-process-infer.ts";
import { streamInProcess } from "../in-process-stream.ts";

async function streamed(
  core: InferenceCore,
  model: string,
  inputs: Readonly<Record<string, readonly number[]>>,
): Promise<readonly unknown[]> {
  const responses = streamInProcess(core, { model, inputs }, {});
  const nested: unknown[] = [];
  for await (const { outputs } of responses) {
    nested.push(Object.values(outputs).map((output) => output.toNested()));
  }
  return nested;
}

/** As Triton's own tests have it. */
const customZero = `
name: "zero"
backend: "identity"
max_batch_size: 4
input [ { name: "INPUT0" data_type: TYPE_FP32 dims: [ -1 ] } ]
output [ { name: "OUTPUT0" data_type: TYPE_FP32 dims: [ -1 ] } ]
dynamic_batching { preferred_batch_size: [ 4 ] }
instance_group [ { kind: KIND_CPU count: 2 } ]
parameters [
  { key: "execute_delay_ms" value: { string_value: "1" } },
  { key: "instance_wise_delay_multiplier" value: { string_value: "2" } },
  { key: "creation_delay_sec" value: { string_value: "0" } }
]`;

test("identity, with batches, instances and delays as configured", async (t) => {
  const { core, failure } = await serveRepository(t, {
    "zero/1/readme": "",
    "zero/config.pbtxt": customZero,
  });
  check.equal(failure, undefined);
  const { config } = core.lookUp("zero", 1);
  check.deepEqual([config.backend, config.maxBatchSize], ["identity", 4]);
  check.deepEqual(config.dynamicBatching?.preferredBatchSizes, [4]);
  const answers = await Promise.all(
    [1, 2, 3].map((value) => {
      const inputs = { INPUT0: [[value, value + 1]] };
      return inferInProcess(core, { model: "zero", inputs }, {});
    }),
  );
  check.deepEqual(
    answers.map(({ outputs }) => outputs["OUTPUT0"]?.toNested()),
    [[[1, 2]], [[2, 3]], [[3, 4]]],
  );
});

test("identity: outputs belong to the inputs of their numbers, of any type", async (t) => {
  const tensors = (prefix: string, ...numbers: readonly number[]): string => {
    const each = numbers.map((number) => {
      const type = number === 0 ? "TYPE_STRING" : "TYPE_INT64";
      return `{ name: "${prefix}${number}" data_type: ${type} dims: [ 2 ] }`;
    });
    return `[ ${each.join(", ")} ]`;
  };
  const { core, failure } = await serveRepository(t, {
    "m/1/readme": "",
    "m/config.pbtxt": `backend: "identity" input ${tensors("INPUT", 0, 1)} output ${tensors("OUTPUT", 1, 0)}`,
  });
  check.equal(failure, undefined);
  const inputs = { INPUT0: ["a", "b"], INPUT1: [1n, 2n] };
  const { outputs } = await inferInProcess(core, { model: "m", inputs }, {});
  check.deepEqual(
    [outputs["OUTPUT0"]?.toNested(), outputs["OUTPUT1"]?.toNested()],
    [
      ["a", "b"],
      [1n, 2n],
    ],
  );
});

test("repeat answers each element, and square its number of times", async (t) => {
  const decoupled = "model_transaction_policy { decoupled: true }";
  const { core, failure } = await serveRepository(t, {
    "repeat_int32/1/readme": "",
    "repeat_int32/config.pbtxt": `backend: "repeat" max_batch_size: 0 ${decoupled}`,
    "square_int32/1/readme": "",
    "square_int32/config.pbtxt":
      `backend: "square" max_batch_size: 0 ${decoupled} ` +
      'input { name: "IN" data_type: TYPE_INT32 dims: 1 } ' +
      'output { name: "OUT" data_type: TYPE_INT32 dims: 1 }',
  });
  check.equal(failure, undefined);
  const inputs = { IN: [7, 8], DELAY: [1, 0], WAIT: [0] };
  check.deepEqual(await streamed(core, "repeat_int32", inputs), [
    [[7], [0]],
    [[8], [1]],
  ]);
  check.deepEqual(await streamed(core, "repeat_int32", { IN: [], DELAY: [], WAIT: [0] }), []);
  check.deepEqual(await streamed(core, "square_int32", { IN: [2] }), [[[2]], [[2]]]);
  check.deepEqual(await streamed(core, "square_int32", { IN: [0] }), []);
  await check.rejects(
    streamed(core, "repeat_int32", { IN: [1], DELAY: [], WAIT: [0] }),
    /expected IN and DELAY shape to match, got \[1\] and \[0\]/,
  );
  const shown = modelConfigJson(core.lookUp("repeat_int32", 1).config);
  check.deepEqual(shown["model_transaction_policy"], { decoupled: true });
  check.deepEqual(
    [shown["input"], shown["output"]].map((list) =>
      (list as { name: string }[]).map((x) => x.name),
    ),
    [
      ["IN", "DELAY", "WAIT"],
      ["OUT", "IDX"],
    ],
  );
});

const wrong: Readonly<Record<string, readonly [config: string, why: RegExp]>> = {
  "identity without tensors of the same number": [
    'backend: "identity" input { name: "INPUT0" data_type: TYPE_FP32 dims: 1 }',
    /expected the same number of inputs and outputs, got 1 and 0/,
  ],
  "identity of two datatypes": [
    'backend: "identity" input { name: "INPUT0" data_type: TYPE_FP32 dims: 1 } ' +
      'output { name: "OUTPUT0" data_type: TYPE_INT8 dims: 1 }',
    /expected datatypes of input 'INPUT0' and output 'OUTPUT0' to match, got FP32 and INT8/,
  ],
  "square of another shape": [
    'backend: "square" input { name: "IN" data_type: TYPE_INT32 dims: 2 }',
    /'dims' of input 'IN' is \[2\] in the configuration, but \[1\] in the definition/,
  ],
  "repeat that batches": [
    'backend: "repeat" max_batch_size: 8',
    /'max_batch_size' is in the configuration, but 'batching' is false in the definition/,
  ],
};

for (const [what, [config, why]] of Object.entries(wrong)) {
  test(`wrong: ${what}`, async (t) => {
    const { core, failure } = await serveRepository(t, {
      "m/1/readme": "",
      "m/config.pbtxt": config,
    });
    check.match(failure ?? "none", why);
    check.match(indexLines(core).join(), /^m\/1 UNAVAILABLE Invalid argument: /);
  });
}
