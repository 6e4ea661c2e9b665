/**
 * What each helper costs: one batch through the function backend, with and without the helper, per
 * request of the batch. In turns; medians.
 *
 *   node bench/helpers.mjs [ROUNDS]
 */
import { createFunctionBackend } from "../dist/backends/function.js";
import {
  bytes,
  eachRequest,
  fillOptionals,
  firstValue,
  fp32,
  groupByValues,
  model,
  optional,
  padBatch,
  requestList,
  sample,
} from "../dist/index.js";

const rounds = Number(process.argv[2] ?? 40);
const callsPerRound = 500;
const requestCount = 8;
const width = 16;

const tensors = {
  inputs: { x: fp32(width), scale: optional(fp32(1)), language: bytes(1) },
  outputs: { y: fp32(width) },
  maxBatchSize: 16,
};
const same = ({ x }) => ({ y: x });
const sameLater = async ({ x }) => ({ y: x });

const functions = {
  "no helper": same,
  "no helper, async": sameLater,
  fillOptionals: fillOptionals({ scale: [1] }, same),
  "padBatch, 8 rows to 16": padBatch(same),
  requestList: requestList((requests) => requests.map(({ inputs }) => ({ y: inputs.x }))),
  eachRequest: eachRequest(same),
  "eachRequest, async": eachRequest(sameLater),
  sample: sample(same),
  "groupByValues, 1 group": groupByValues(["scale"], same),
  "groupByValues, 2 groups": groupByValues(["language"], same),
  "groupByValues, firstValue": groupByValues(["language"], firstValue(["language"], same)),
  "fillOptionals, groupByValues, firstValue, padBatch": fillOptionals(
    { scale: [1] },
    groupByValues(["language"], firstValue(["language"], padBatch({ sizes: [4] }, same))),
  ),
};

function wire(name, datatype, shape, view) {
  const chunk = new Uint8Array(view.buffer);
  return { name, datatype, shape, chunks: [chunk], byteLength: chunk.byteLength };
}

/** Texts "en" and "de", in the wire's layout. */
function languages() {
  const packed = Buffer.alloc(requestCount * 6);
  for (let row = 0; row < requestCount; row += 1) {
    packed.writeUInt32LE(2, row * 6);
    packed.write(row % 2 === 0 ? "en" : "de", row * 6 + 4);
  }
  return new Uint8Array(packed);
}

const call = {
  inputs: [
    wire("x", "FP32", [requestCount, width], new Float32Array(requestCount * width)),
    wire("language", "BYTES", [requestCount, 1], languages()),
  ],
  rows: requestCount,
  requests: Array.from({ length: requestCount }, (_, index) => ({
    id: `${index}`,
    parameters: {},
    requestedOutputs: [],
    firstRow: index,
    rows: 1,
    isAborted: () => false,
  })),
  signal: new AbortController().signal,
  join: ({ chunks }) => chunks[0],
  allocate: (byteLength) => new Uint8Array(byteLength),
};

const log = { info() {}, warning() {}, error() {} };
const instance = { instanceIndex: 0, device: "cpu", log, signal: call.signal };
const loaded = new Map();
for (const [name, infer] of Object.entries(functions)) {
  loaded.set(name, await createFunctionBackend(model("m", { ...tensors, infer })).load(instance));
}

const times = new Map(Array.from(loaded.keys(), (name) => [name, []]));
for (let round = 0; round < rounds; round += 1) {
  for (const [name, backend] of loaded) {
    const beganMs = performance.now();
    for (let index = 0; index < callsPerRound; index += 1) await backend.run(call);
    times.get(name).push((performance.now() - beganMs) / callsPerRound);
  }
}

console.log(
  `| ${requestCount} requests of a row of ${width} floats | µs a batch | µs a request more |`,
);
console.log("| --- | ---: | ---: |");
const median = (list) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)] * 1000;
const plain = median(times.get("no helper"));
const later = median(times.get("no helper, async"));
for (const [name, list] of times) {
  const batchUs = median(list);
  const more = (batchUs - (name.endsWith("async") ? later : plain)) / requestCount;
  console.log(`| ${name} | ${batchUs.toFixed(1)} | ${more.toFixed(2)} |`);
}
