/**
 * The key of a request: equal where a model is given the same, different wherever it is not.
 *
 * With a digest that keeps all it is given: what two requests have in common is seen here, and
 * not hidden by a hash.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import type { InferRequest, ParameterValue } from "../protocol/infer.ts";
import type { WireTensor } from "../protocol/tensor.ts";
import { inferRequest } from "../testing/core-fixture.ts";
import { Random } from "../testing/random.ts";
import { requestKey } from "./request-key.ts";

function everything(head: string, pieces: readonly Uint8Array[]): string {
  return head + Buffer.concat(pieces).toString("latin1");
}

function tensor(
  name: string,
  bytes: readonly number[],
  changes: Partial<WireTensor> = {},
): WireTensor {
  const chunks = bytes.length === 0 ? [] : [Uint8Array.from(bytes)];
  const byteLength = bytes.length;
  return { name, datatype: "UINT8", shape: [1, byteLength], chunks, byteLength, ...changes };
}

const x = tensor("x", [1, 2, 3, 4]);
const y = tensor("y", [5, 6]);
const base = inferRequest({
  id: "one",
  inputs: [x, y],
  parameters: { user: "a", count: 1 },
  requestedOutputs: ["p", "q"],
});

function keyOf(changes: Partial<InferRequest>): string {
  return requestKey({ ...base, ...changes }, everything);
}

const same: Readonly<Record<string, Partial<InferRequest>>> = {
  "the id": { id: "other", logId: "other" },
  "the priority": { priority: 3 },
  "the timeout": { timeoutMs: 5 },
  "the order of inputs": { inputs: [y, x] },
  "the order of parameters": { parameters: { count: 1, user: "a" } },
  "where bytes were cut": {
    inputs: [{ ...x, chunks: [Uint8Array.of(1), Uint8Array.of(2, 3, 4)] }, y],
  },
  "whether the version was named": { modelVersion: 1 },
};

for (const [what, changes] of Object.entries(same)) {
  test(`${what} is no part of it`, () => check.equal(keyOf(changes), keyOf({})));
}

const different: Readonly<Record<string, Partial<InferRequest>>> = {
  "a byte": { inputs: [tensor("x", [1, 2, 3, 5]), y] },
  "a byte that moved to the next input": {
    inputs: [tensor("x", [1, 2, 3]), tensor("y", [4, 5, 6])],
  },
  "a shape": { inputs: [{ ...x, shape: [4, 1] }, y] },
  "a datatype": { inputs: [{ ...x, datatype: "INT8" }, y] },
  "a name": { inputs: [x, tensor("z", [5, 6])] },
  "swapped contents": { inputs: [tensor("x", [5, 6]), tensor("y", [1, 2, 3, 4])] },
  "an input less": { inputs: [x] },
  "an output less": { requestedOutputs: ["p"] },
  "all outputs": { requestedOutputs: [] },
  "names that run together": { requestedOutputs: ["p,q"] },
  "a parameter": { parameters: { user: "b", count: 1 } },
  "a header": { headers: { user: "b" } },
  "a parameter less": { parameters: { user: "a" } },
  "a number that is a text": { parameters: { user: "a", count: "1" } },
  "a number that is true": { parameters: { user: "a", count: true } },
  "a bigint": { parameters: { user: "a", count: 1n } },
  "a zero": { parameters: { user: "a", count: 0 } },
  "a negative zero": { parameters: { user: "a", count: -0 } },
  "half a character": { parameters: { user: "\ud800", count: 1 } },
  "another half": { parameters: { user: "\ud801", count: 1 } },
  "a value with quotes": { parameters: { user: 'a","string","b', count: 1 } },
};

test("all that a model is given is part of it", () => {
  const keys = Object.values(different).map(keyOf);
  check.equal(new Set([keyOf({}), ...keys]).size, keys.length + 1);
});

test("random requests have equal keys exactly if they ask for the same", () => {
  const random = new Random(1);
  const seen = new Map<string, string>();
  for (let count = 0; count < 20_000; count += 1) {
    const request = drawRequest(random);
    const key = requestKey(request, everything);
    const meaning = meaningOf(request);
    check.equal(seen.get(key) ?? meaning, meaning);
    seen.set(key, meaning);
  }
  check.equal(new Set(seen.values()).size, seen.size);
});

function drawRequest(random: Random): InferRequest {
  const inputs = ["x", "y", "xy"]
    .filter(() => random.chance(0.5))
    .map((name) =>
      tensor(
        name,
        Array.from({ length: random.between(0, 2) }, () => random.between(0, 1)),
      ),
    );
  const names = ["a", "b"].filter(() => random.chance(0.3));
  const parameters = names.map(
    (name) => [name, random.pick<ParameterValue>([0, "0", "", true, "true"])] as const,
  );
  return inferRequest({
    id: `${random.between(0, 9)}`,
    inputs: random.chance(0.5) ? inputs : inputs.reverse(),
    parameters: Object.fromEntries(parameters),
    requestedOutputs: ["x", "y"].filter(() => random.chance(0.3)),
  });
}

/** In words that nothing else is said with. */
function meaningOf({ inputs, parameters, requestedOutputs }: InferRequest): string {
  const given = inputs.map(({ name, chunks }) => `${name}=${chunks.map(String).join(";")}`).sort();
  const named = Object.entries(parameters).map(
    ([name, value]) => `${name}:${typeof value} ${value}`,
  );
  return [...given, "/", ...named.sort(), "/", ...requestedOutputs].join(" ");
}
