/**
 * Types of a client's models. Nothing here runs: the compiler is the test, and `@ts-expect-error`
 * fails where there is no error.
 */
import type { PlainTensor } from "../definition/plain-tensor.ts";
import { typeOf } from "../testing/type-of.ts";
import type { Client } from "./client.ts";
import type { ModelType } from "./model-types.ts";

// As `shoal types` writes it.
interface Models {
  readonly "add-sub": ModelType<
    "add-sub",
    { readonly a: "INT64"; readonly "the b"?: "FP32"; readonly text: "BYTES" },
    { readonly sum: "INT64"; readonly flag: "BOOL" }
  >;
}

declare const client: Client;

export async function asks(): Promise<void> {
  const model = client.model<Models["add-sub"]>("add-sub");
  const { sum, flag } = await model.infer({ a: [1n, 2], text: ["x"] });
  typeOf(sum).is<PlainTensor<"INT64">>();
  typeOf(sum.data).is<BigInt64Array>();
  typeOf(flag).is<PlainTensor<"BOOL">>();
  await model.infer({ a: new BigInt64Array(1), "the b": new Float32Array(1), text: [["x"]] });
  // @ts-expect-error An input that is required.
  await model.infer({ a: [1n] });
  // @ts-expect-error No such input.
  await model.infer({ a: [1n], text: ["x"], c: [1] });
  // @ts-expect-error Another datatype.
  await model.infer({ a: new Float32Array(1), text: ["x"] });
  // @ts-expect-error Another name.
  client.model<Models["add-sub"]>("add");
}
