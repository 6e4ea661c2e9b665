/** Parts of batches: cut and joined, a batch is what it was, whatever is in it. */
import { strict as check } from "node:assert";
import test from "node:test";
import fc from "fast-check";
import { type Datatype, datatypes } from "../protocol/datatype.ts";
import { noParameters } from "../protocol/infer.ts";
import { randomTensor } from "../testing/random-tensor.ts";
import type { NamedTensor, WireAnswer, WireInput, WireRequest } from "./connection.ts";
import type { ModelShape } from "./model-shape.ts";
import { joinAnswers, partsOfRequest } from "./row-parts.ts";

function requestOf(inputs: readonly WireInput[]): WireRequest {
  const own = { id: "r", parameters: noParameters, priority: 0, timeoutMs: 0, sequence: undefined };
  return { name: "m", version: undefined, ...own, inputs, outputs: [] };
}

function shapeOf(maxBatchSize: number | undefined): ModelShape {
  const isBatching = maxBatchSize !== undefined;
  return { inputs: [], isBatching, maxBatchSize };
}

function echo({ id, inputs }: WireRequest): WireAnswer {
  const own = { modelName: "m", modelVersion: "1", parameters: noParameters, timing: undefined };
  return { id, ...own, outputs: inputs };
}

function plain({ name, datatype, shape, bytes }: NamedTensor): unknown {
  return { name, datatype, shape, bytes: [...bytes] };
}

/** Tensors with equally many rows. */
const batch = fc.nat({ max: 12 }).chain((rows) => {
  const one = fc.record({
    name: fc.constant("x"),
    datatype: fc.constantFrom(...(Object.keys(datatypes) as Datatype[])),
    shape: fc.array(fc.nat({ max: 3 }), { maxLength: 2 }).map((dims) => [rows, ...dims]),
    seed: fc.nat(),
  });
  return fc.array(one.map(randomTensor), { minLength: 1, maxLength: 3 }).map((inputs) => {
    return inputs.map((input, index) => ({ ...input, name: `i${index}` }));
  });
});

test("cut and joined, every batch is as it was", () => {
  fc.assert(
    fc.property(batch, fc.integer({ min: 1, max: 13 }), (inputs, most) => {
      const parts = partsOfRequest(requestOf(inputs), shapeOf(most));
      const rows = parts.map((part) => part.inputs[0]?.shape[0] ?? 0);
      const whole = inputs[0]?.shape[0] ?? 0;
      check.equal(parts.length, Math.max(1, Math.ceil(whole / most)));
      check.ok(rows.every((count, index) => index === rows.length - 1 || count === most));
      for (const part of parts) check.equal(part.id, "r");
      check.deepEqual(joinAnswers(parts.map(echo)).outputs.map(plain), inputs.map(plain));
    }),
    { numRuns: 1000 },
  );
});

const tensor: NamedTensor = {
  name: "x",
  datatype: "INT8",
  shape: [10],
  bytes: new Uint8Array(10),
};

test("what cannot be cut is sent whole", () => {
  const shared = { shared_memory_region: "r", shared_memory_byte_size: 10 };
  const three = { ...tensor, name: "z", shape: [3], bytes: new Uint8Array(3) };
  const requests: readonly (readonly [WireRequest, number | undefined])[] = [
    [requestOf([tensor]), undefined],
    [requestOf([tensor]), 10],
    [requestOf([]), 1],
    [requestOf([{ ...tensor, shared }]), 4],
    // The server's to refuse.
    [requestOf([tensor, three]), 4],
    [{ ...requestOf([tensor]), outputs: [{ name: "y", shared }] }, 4],
  ];
  for (const [request, most] of requests) {
    check.deepEqual(partsOfRequest(request, shapeOf(most)), [request]);
  }
});

test("parts that do not fit together are an error of kind answer", () => {
  const others: readonly (readonly NamedTensor[])[] = [
    [],
    [{ ...tensor, name: "y" }],
    [{ ...tensor, datatype: "UINT8" }],
    [{ ...tensor, shape: [5, 2] }],
  ];
  for (const outputs of others) {
    const answers = [echo(requestOf([tensor])), { ...echo(requestOf([])), outputs }];
    check.throws(() => joinAnswers(answers), {
      kind: "answer",
      message: "output 'x' differs from part to part of the batch",
    });
  }
});
