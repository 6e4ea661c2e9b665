/** Requests over gRPC: what no message can hold is an error of the caller's, and not damaged. */
import { strict as check } from "node:assert";
import test from "node:test";
import { inference } from "../protocol/generated/messages.js";
import type { SequencePlace, WireRequest } from "./connection.ts";
import { encodeInferRequest } from "./grpc-messages.ts";

function encoded(own: Partial<WireRequest>): inference.ModelInferRequest {
  const request = {
    name: "m",
    version: undefined,
    id: "",
    parameters: {},
    inputs: [],
    outputs: [],
  };
  const others = { priority: 0, timeoutMs: 0, sequence: undefined };
  const { pieces } = encodeInferRequest({ ...request, ...others, ...own });
  return inference.ModelInferRequest.decode(Buffer.concat(pieces));
}

function sequence(id: unknown): Partial<WireRequest> {
  return { sequence: { id: id as SequencePlace["id"], isStart: true, isEnd: false } };
}

test("ids of sequences are texts, or whole numbers of 64 bits", () => {
  for (const id of ["a", "\u{1f41f}"]) {
    check.equal(encoded(sequence(id)).parameters["sequence_id"]?.stringParam, id);
  }
  for (const id of [1, 2 ** 53, 2n ** 63n]) {
    const told = encoded(sequence(id)).parameters["sequence_id"]?.int64Param;
    const { low, high } = told as { low: number; high: number };
    check.equal((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0), BigInt(id));
  }
  for (const id of [-1, 1.5, Number.NaN, 2n ** 64n, null, {}]) {
    check.throws(() => encoded(sequence(id)), {
      kind: "invalid",
      message: /^a sequence's id must/,
    });
  }
});

test("parameters are of the kinds that there are", () => {
  const parameters = { t: "a", b: true, i: 1, w: 2n ** 64n - 1n };
  check.deepEqual(Object.keys(encoded({ parameters }).parameters).sort(), ["b", "i", "t", "w"]);
  for (const value of [null, {}, [1], Symbol("a"), () => 1]) {
    const wrong = { a: value } as unknown as WireRequest["parameters"];
    const expected = { kind: "invalid", message: /^parameter 'a' must be a text/ };
    check.throws(() => encoded({ parameters: wrong }), expected);
  }
});
