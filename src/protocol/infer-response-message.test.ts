/**
 * Responses over gRPC: the slices read back as the message that they are, outputs are not copied,
 * and what is too large is refused.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import fc from "fast-check";
import { datatypes, isDatatype } from "./datatype.ts";
import { InferenceError } from "./errors.ts";
import { inference } from "./generated/messages.js";
import type { InferResponse, Parameters } from "./infer.ts";
import {
  encodeInferResponse,
  encodeStreamEnd,
  encodeStreamError,
  encodeStreamResponse,
} from "./infer-response-message.ts";
import type { MessagePieces } from "./message-pieces.ts";
import { copyChunks } from "./sliced-bytes.ts";
import type { WireTensor } from "./tensor.ts";
import { toInteger } from "./wide-integers.ts";

const timing = { queueMs: 0, batchMs: 0, computeMs: 0, outputMs: 0 };

function responseOf(outputs: readonly WireTensor[], parameters: Parameters = {}): InferResponse {
  return { modelName: "m", modelVersion: 3, id: "i", parameters, outputs, timing };
}

function joined({ pieces, byteLength }: MessagePieces): Uint8Array {
  const whole = new Uint8Array(byteLength);
  check.equal(copyChunks(pieces, whole, 0), byteLength);
  return whole;
}

function tensorOf(datatype: string, ...chunks: readonly Uint8Array[]): WireTensor {
  check.ok(isDatatype(datatype));
  const byteLength = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  return { name: "X", datatype, shape: [byteLength], chunks, byteLength };
}

test("any outputs read back as they are", () => {
  const output = fc
    .tuple(fc.constantFrom(...Object.keys(datatypes)), fc.array(fc.uint8Array({ minLength: 1 })))
    .map(([datatype, chunks]) => tensorOf(datatype, ...chunks));
  fc.assert(
    fc.property(fc.array(output), fc.boolean(), (outputs, isFinal) => {
      const response = responseOf(outputs);
      const bytes = joined(encodeStreamResponse(response, isFinal));
      const { inferResponse, errorMessage } = inference.ModelStreamInferResponse.decode(bytes);
      const unary = inference.ModelInferResponse.decode(joined(encodeInferResponse(response)));
      check.equal(errorMessage, "");
      check.equal(inferResponse?.parameters["triton_final_response"]?.boolParam, isFinal);
      for (const read of [inferResponse, unary]) {
        check.deepEqual([read?.modelName, read?.modelVersion, read?.id], ["m", "3", "i"]);
        const whole = outputs.map(({ chunks }) => Buffer.concat(chunks).toString("hex"));
        const raw = read?.rawOutputContents.map((each) => Buffer.from(each).toString("hex"));
        check.deepEqual(raw, whole);
        check.deepEqual(
          read?.outputs.map(({ name, datatype, shape }) => [name, datatype, shape.map(Number)]),
          outputs.map(({ name, datatype, shape }) => [name, datatype, shape]),
        );
      }
    }),
  );
});

test("outputs are not copied", () => {
  const chunks = [new Uint8Array(10), new Uint8Array(1000)];
  const { pieces } = encodeInferResponse(responseOf([tensorOf("UINT8", ...chunks)]));
  for (const chunk of chunks) check.ok(pieces.includes(chunk));
});

test("parameters of every kind", () => {
  const parameters = {
    b: true,
    i: 7,
    n: -7,
    h: 0.5,
    t: "x",
    w: 2n ** 60n,
    u: 2n ** 63n,
    g: 2n ** 70n,
  };
  const message = inference.ModelInferResponse.decode(
    joined(encodeInferResponse(responseOf([], parameters))),
  );
  const read = Object.entries(message.parameters).map(([key, parameter]) => {
    const { int64Param, uint64Param, boolParam, stringParam, doubleParam } = parameter;
    const integer = int64Param ?? uint64Param;
    return [key, integer === null ? (boolParam ?? stringParam ?? doubleParam) : toInteger(integer)];
  });
  check.deepEqual(Object.fromEntries(read), { ...parameters, g: 2 ** 70 });
  check.equal(message.parameters["u"]?.int64Param, null);
});

test("the end of a request, and its error", () => {
  const asked = { id: "i", modelName: "m", modelVersion: "" };
  const end = inference.ModelStreamInferResponse.decode(joined(encodeStreamEnd(asked)));
  check.equal(end.errorMessage, "");
  check.deepEqual(end.inferResponse?.outputs, []);
  const error = inference.ModelStreamInferResponse.decode(joined(encodeStreamError("no", asked)));
  check.equal(error.errorMessage, "no");
  for (const { inferResponse } of [end, error]) {
    check.deepEqual([inferResponse?.id, inferResponse?.modelName], ["i", "m"]);
    check.equal(inferResponse?.parameters["triton_final_response"]?.boolParam, true);
  }
});

test("a response that is too large for gRPC", () => {
  const chunk = new Uint8Array(1024);
  const byteLength = 2 ** 31;
  const large = { ...tensorOf("UINT8", chunk), byteLength };
  check.throws(
    () => encodeInferResponse(responseOf([large])),
    (error) =>
      error instanceof InferenceError &&
      error.code === "INVALID_ARGUMENT" &&
      /^Response has byte size \d+ which exceeds gRPC's byte size limit 2147483647\.$/.test(
        error.message,
      ),
  );
});
