/**
 * Types of `context.model()`: what compiles, and what must not. Nothing here runs: the compiler is
 * the test, and `@ts-expect-error` fails where there is no error.
 */
import { typeOf } from "../testing/type-of.ts";
import { model } from "./model.ts";
import { bytes, fp32, int64, optional } from "./specifications.ts";
import type { Tensor } from "./tensor.ts";

const linear = model("linear", {
  inputs: { x: fp32(-1), scale: optional(fp32(1)) },
  outputs: { y: fp32(-1), count: int64(1) },
  infer: ({ x }) => ({ y: x, count: [[1n]] }),
});

const words = model("words", {
  inputs: { text: bytes(1) },
  outputs: { word: bytes(1) },
  *infer({ text }) {
    yield { word: text };
  },
});

model("calling", {
  inputs: { x: fp32(-1) },
  outputs: { y: fp32(-1) },
  setup: (context) => {
    typeOf(context.model.name).is<string>();
    // @ts-expect-error: other models may not be loaded yet
    context.model("linear");
  },
  infer: async ({ x }, context) => {
    typeOf(context.model.name).is<string>();
    typeOf(context.model.version).is<number>();

    const { signal } = context;
    for (const sibling of [context.model(linear), context.model<typeof linear>("linear", 2)]) {
      const { y, count } = await sibling.infer({ x, scale: [[2]] }, { signal, outputs: ["y"] });
      typeOf(y).is<Tensor<"FP32", "number">>();
      typeOf(count.data).is<BigInt64Array>();
      // @ts-expect-error: x is missing
      await sibling.infer({ scale: [[2]] });
      // @ts-expect-error: there is no such input
      await sibling.infer({ x, z: x });
      // @ts-expect-error: x takes numbers
      await sibling.infer({ x: [["one"]] });
      // @ts-expect-error: there is no such option
      await sibling.infer({ x }, { deadline: 5 });
    }
    // @ts-expect-error: that is the name of another
    context.model<typeof linear>("words");
    // @ts-expect-error: its definition says which version
    context.model(linear, 2);

    for await (const outputs of context.model(words).stream({ text: [["eel"]] })) {
      typeOf(outputs.word.data).is<readonly string[]>();
    }

    // By its name, nothing is known of it.
    const outputs = await context.model("linear").infer({ x, anything: "text" });
    typeOf(outputs).is<Readonly<Record<string, Tensor>>>();
    const { y } = await context.model(linear).infer({ x });
    return { y };
  },
});
