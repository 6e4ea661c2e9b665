/** Parameters of onnxruntime in a configuration: what they come to, and what is wrong with them. */
import { strict as check } from "node:assert";
import test from "node:test";
import type { WrittenConfig } from "../protocol/written-config.ts";
import { type OnnxParameters, onnxParameters } from "./onnx-parameters.ts";

const read = (
  parameters: Readonly<Record<string, string>>,
  more: WrittenConfig = {},
): OnnxParameters => {
  const entries = Object.entries(parameters).map(([key, text]) => [key, { string_value: text }]);
  const config = { ...more, parameters: Object.fromEntries(entries) } as WrittenConfig;
  return onnxParameters(config, { name: "m", cores: 3 });
};

const ordinary = {
  session: { intraOpThreads: 3, interOpThreads: 1, graphOptimizationLevel: "all" },
  tuning: { executionMode: "sequential", entries: {} },
  warnings: [],
};

test("nothing said, and zeros, are this server's own", () => {
  check.deepEqual(onnxParameters({}, { name: "m", cores: 3 }), ordinary);
  const zeros = { intra_op_thread_count: "0", inter_op_thread_count: "0", execution_mode: "0" };
  check.deepEqual(read(zeros, { optimization: { graph: { level: 0 } } }), ordinary);
});

test("all of them", () => {
  const { session, tuning, warnings } = read(
    {
      intra_op_thread_count: "2",
      inter_op_thread_count: "4",
      execution_mode: "1",
      enable_mem_arena: "0",
      enable_mem_pattern: "1",
      "memory.enable_memory_arena_shrinkage": "cpu:0;gpu:0",
      "session.set_denormal_as_zero": "1",
      others: "as they like",
    },
    { optimization: { graph: { level: 1 } } },
  );
  check.deepEqual(session, {
    intraOpThreads: 2,
    interOpThreads: 4,
    graphOptimizationLevel: "extended",
  });
  check.deepEqual(tuning, {
    executionMode: "parallel",
    memArena: false,
    memPattern: true,
    entries: { "session.set_denormal_as_zero": "1" },
  });
  check.deepEqual(warnings, [
    "model 'm': of no effect in this server: parameters['memory.enable_memory_arena_shrinkage']",
  ]);
});

test("operators side by side have all cores of the instance", () => {
  check.equal(read({ execution_mode: "1" }).session.interOpThreads, 3);
});

const levels = { "-1": "basic", 0: "all", 1: "extended", 2: "disabled" } as const;

for (const [level, name] of Object.entries(levels)) {
  test(`optimization.graph.level ${level} is ${name}`, () => {
    const { session } = read({}, { optimization: { graph: { level: Number(level) } } });
    check.equal(session.graphOptimizationLevel, name);
  });
}

const wrongs: readonly (readonly [key: string, text: string, why: RegExp])[] = [
  ["intra_op_thread_count", "many", /must be a number of threads, from 0 to 1024; got 'many'/],
  ["intra_op_thread_count", "-1", /got '-1'/],
  ["inter_op_thread_count", "1.5", /got '1.5'/],
  ["inter_op_thread_count", "100000", /got '100000'/],
  ["execution_mode", "2", /must be 0 \(sequential\) or 1 \(parallel\); got '2'/],
  ["enable_mem_arena", "yes", /must be 0 or 1; got 'yes'/],
  ["enable_mem_pattern", "", /must be 0 or 1; got ''/],
  ["memory.enable_memory_arena_shrinkage", "1", /must be devices, such as cpu:0; got '1'/],
  ["session.optimized_model_filepath", "x", /is refused: onnxruntime would read or write files/],
  ["session.model_external_initializers_file_folder_path", "/etc", /is refused/],
  ["session.node_partition_config_file", "x", /is refused/],
  ["session.collect_node_memory_stats_to_file", "x", /is refused/],
  ["session.resource_cuda_partitioning_settings", "0,x", /is refused/],
  ["session.optimized_model_external_initializers_file_name", "x", /is refused/],
  ["session.enable_profiling", "1", /is refused/],
  ["session.x", "", /must have a value of 1 to 8192 characters/],
  ["session.x", "y".repeat(9000), /must have a value of 1 to 8192 characters/],
];

for (const [key, text, why] of wrongs) {
  test(`wrong: ${key} '${text.slice(0, 10)}'`, () => {
    check.throws(() => read({ [key]: text }), { code: "INVALID_ARGUMENT", message: why });
    check.throws(() => read({ [key]: text }), {
      message: new RegExp(`^unable to load model 'm', parameter '${key}' `),
    });
  });
}

test("what stands behind a zero hides no name of a file", () => {
  const key = "session.optimized_model_filepath\0x";
  check.throws(() => read({ [key]: "x" }), /has no name of one/);
});

test("all mistakes are told at once", () => {
  const optimization = { graph: { level: 7 } };
  check.throws(() => read({ execution_mode: "x", enable_mem_arena: "x" }, { optimization }), {
    message:
      "unable to load model 'm', parameter 'execution_mode' must be 0 (sequential) or 1 " +
      "(parallel); got 'x'\n" +
      "unable to load model 'm', parameter 'enable_mem_arena' must be 0 or 1; got 'x'\n" +
      "unable to load model 'm', 'optimization.graph.level' must be -1 (basic), 0 (all), 1 " +
      "(extended) or 2 (disabled); got 7",
  });
});
