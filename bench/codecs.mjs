/**
 * The JSON codec alone, for the tensor of an image (150,528 floats), beside what Node.js has:
 * `JSON.parse` into a typed array, and `JSON.stringify` of one. In turns; medians.
 *
 *   node bench/codecs.mjs [ROUNDS]
 */
import { DecodeSteps } from "../dist/protocol/infer-request-json.js";
import { EncodeSteps } from "../dist/protocol/infer-response-json.js";
import { wireTensor } from "../dist/protocol/tensor.js";
import { workloads } from "./workloads.mjs";

const rounds = Number(process.argv[2] ?? 30);
const { body } = workloads["W4 identity 150,528 floats JSON"];
const values = Float32Array.from(JSON.parse(body).inputs[0].data);
const shape = [1, values.length];
const tensor = wireTensor(
  { name: "OUTPUT0", datatype: "FP32", shape },
  new Uint8Array(values.buffer),
);
const response = {
  modelName: "identity",
  modelVersion: 1,
  id: "",
  parameters: {},
  outputs: [tensor],
  timing: { queueMs: 0, batchMs: 0, computeMs: 0, outputMs: 0 },
};

const request = {
  modelName: "identity",
  modelVersion: undefined,
  requestId: "",
  chunks: [body],
  byteLength: body.byteLength,
  maxInputBytes: 2 ** 26,
};
const decode = () => toEnd(new DecodeSteps(request, body.byteLength));
const { forms } = decode();

const works = {
  "decode, Shoal": decode,
  "decode, JSON.parse": () => Float32Array.from(JSON.parse(body.toString()).inputs[0].data),
  "encode, Shoal": () => toEnd(new EncodeSteps(response, forms)),
  "encode, JSON.stringify": () => Buffer.from(JSON.stringify(Array.from(values))),
};

const times = new Map(Object.keys(works).map((name) => [name, []]));
for (let round = 0; round < rounds; round += 1) {
  for (const [name, work] of Object.entries(works)) {
    const beganMs = performance.now();
    work();
    times.get(name).push(performance.now() - beganMs);
  }
}
console.log("| codec, 150,528 floats | ms |\n| --- | ---: |");
for (const [name, list] of times) {
  const median = list.sort((a, b) => a - b)[Math.floor(list.length / 2)];
  console.log(`| ${name} | ${median.toFixed(1)} |`);
}

function toEnd(steps) {
  for (;;) {
    const result = steps.step();
    if (result !== undefined) return result;
  }
}
