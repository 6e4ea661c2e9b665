/**
 * Types of the client's models: what compiles, and what must not. Nothing here runs: the compiler
 * is the test.
 */
import { model } from "../definition/model.ts";
import type { PlainTensor } from "../definition/plain-tensor.ts";
import { bool, bytes, fp16, fp32, int64, optional, uint64 } from "../definition/specifications.ts";
import { Tensor } from "../definition/tensor.ts";
import type { WrittenConfig } from "../protocol/written-config.ts";
import { typeOf } from "../testing/type-of.ts";
import type { Client } from "./client.ts";
import { type Response, responseOf } from "./response.ts";
import { SharedTensor } from "./shared-tensor.ts";

declare const client: Client;

const linear = model("linear", {
  inputs: { x: fp32(-1), scale: optional(fp32(1)) },
  outputs: { y: fp32(-1), n: int64(1), label: bytes(1) },
  infer: () => ({ y: [[1]], n: [[1n]], label: [["a"]] }),
});

const odd = model("odd", {
  inputs: { id: uint64(1), flag: bool(1), text: bytes(1), half: fp16(1) },
  outputs: { half: fp16(1) },
  infer: ({ half }) => ({ half }),
});

// The name is that of the definition.
const typed = client.model<typeof linear>("linear");
client.model<typeof linear>("linear", 3);
// @ts-expect-error another model
client.model<typeof linear>("linaer");
// @ts-expect-error a version is a number
client.model<typeof linear>("linear", "3");

// A configuration that is typed, and that of a server with other fields.
const config: WrittenConfig = {
  max_batch_size: 8,
  version_policy: { latest: { num_versions: 2 } },
};
await client.load("linear", { config });
await client.load("linear", { config: { other: 8 } });

// Outputs are tensors of their datatype, in the usual form.
const outputs = await typed.infer({ x: [[1, 2]] });
typeOf(outputs.y).is<PlainTensor<"FP32">>();
typeOf(outputs.y.data).is<Float32Array>();
typeOf(outputs.n.data).is<BigInt64Array>();
typeOf(outputs.label.data).is<readonly string[]>();
typeOf(responseOf(outputs)).is<Response>();
// @ts-expect-error no such output
outputs.z;

// Every form of an input.
await typed.infer({ x: new Float32Array(4), scale: [2] });
await typed.infer({ x: Tensor.from("FP32", [[1]]) });
await typed.infer({
  x: new SharedTensor("FP32", [1, 1], { shared_memory_region: "r", shared_memory_byte_size: 4 }),
});
await typed.inferSample({ x: [1, 2] });
await typed.inferBatch({ x: [[1], [2]] }, { id: "r1", outputs: ["y"], priority: 1 });
await client.model<typeof odd>("odd").infer({
  id: [[2n ** 63n]],
  flag: [[true]],
  text: [["hi"]],
  half: [[0.5]],
});

// Wrong names, and wrong forms.
// @ts-expect-error x is missing
await typed.infer({});
// @ts-expect-error no such input
await typed.infer({ x: [[1]], w: [[1]] });
// @ts-expect-error texts are no floats
await typed.infer({ x: [["1"]] });
// @ts-expect-error another typed array
await typed.infer({ x: new Int32Array(4) });
// @ts-expect-error another datatype
await typed.infer({ x: Tensor.from("INT32", [[1]]) });
// @ts-expect-error no such option
await typed.infer({ x: [[1]] }, { timeout: 5 });

// Streams, and sequences.
for await (const each of typed.stream({ x: [[1]] })) typeOf(each.y).is<PlainTensor<"FP32">>();
typeOf(typed.streamSample({ x: [1] })).is<ReturnType<typeof typed.stream>>();
const inSequence = client.sequence(5n).model<typeof linear>("linear");
typeOf((await inSequence.infer({ x: [[1]] }, { isLast: true })).y).is<PlainTensor<"FP32">>();

// Without a definition: any name, whatever is written.
const untyped = client.model("anything");
const answer = await untyped.infer({ a: [[1]], b: "text" });
typeOf(answer).is<Readonly<Record<string, PlainTensor>>>();
typeOf(answer["c"]).is<PlainTensor | undefined>();
// @ts-expect-error inputs have names
await untyped.infer([[1]]);
