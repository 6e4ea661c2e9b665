/** Streamed answers: who of a batch gets which response, and who does not. */
import { strict as check } from "node:assert";
import test from "node:test";
import type { StreamedResponse } from "../backends/backend.ts";
import type { ExecutionEmitter } from "../core/instance.ts";
import { InferenceError } from "../protocol/errors.ts";
import { batchOf, contentsOf, numbers } from "../testing/batch-fixture.ts";
import { modelConfig } from "../testing/core-fixture.ts";
import { StreamedAnswers } from "./streamed-answers.ts";

interface Told {
  readonly answers: StreamedAnswers;
  /** What the core was told. */
  readonly said: string[];
  readonly gone: Set<number>;
}

/** Of three requests: of one row, of two, of one. */
function batchOfThree(): Told {
  const said: string[] = [];
  const gone = new Set<number>();
  const emit: ExecutionEmitter = {
    respond: (index, response, isFinal) => {
      const values = contentsOf(response).flatMap(([, , elements]) => elements);
      said.push(`${index}: ${values.join()}${isFinal ? "." : ""}`);
    },
    fail: (index, { message }) => said.push(`${index} fails: ${message}`),
    done: () => said.push("done"),
    failed: () => said.push("failed"),
  };
  const rowsOf = (count: number) => [
    numbers(
      "x",
      [count, 1],
      Array.from({ length: count }, () => 0),
    ),
  ];
  const batch = batchOf(rowsOf(1), rowsOf(2), rowsOf(1));
  const config = modelConfig({ options: { maxBatchSize: 4 }, isDecoupled: true });
  const hasGone = (index: number): boolean => gone.has(index);
  return { answers: new StreamedAnswers({ batch, config, emit, hasGone }), said, gone };
}

function response(
  values: readonly number[],
  { requestIndex, isFinal = false }: { requestIndex?: number; isFinal?: boolean } = {},
): StreamedResponse {
  const outputs = values.length === 0 ? [] : [numbers("y", [values.length, 1], values)];
  return { outputs, copiedBytes: 0, requestIndex, isFinal };
}

const error = new InferenceError("UNAVAILABLE", "not now");

test("one for all is cut by rows", () => {
  const { answers, said } = batchOfThree();
  check.deepEqual(answers.respond(response([1, 2, 3, 4])), []);
  check.deepEqual(said, ["0: 1", "1: 2,3", "2: 4"]);
});

test("one for a single request has its rows", () => {
  const { answers, said } = batchOfThree();
  answers.respond(response([2, 3], { requestIndex: 1, isFinal: true }));
  check.deepEqual(said, ["1: 2,3."]);
});

test("who has had his last word, or has gone, is left out of one for all", () => {
  const { answers, said, gone } = batchOfThree();
  answers.respond(response([], { requestIndex: 0, isFinal: true }));
  gone.add(2);
  answers.respond(response([1, 2, 3, 4]));
  answers.fail(1, error);
  answers.respond(response([1, 2, 3, 4], { isFinal: true }));
  answers.respond(response([1], { requestIndex: 0 }));
  answers.fail(0, error);
  answers.fail(2, error);
  check.deepEqual(said, ["0: .", "1: 2,3", "1 fails: not now"]);
});

test("the end of all is told to each that is left", () => {
  const { answers, said } = batchOfThree();
  answers.fail(1, error);
  answers.respond(response([], { isFinal: true }));
  check.deepEqual(said, ["1 fails: not now", "0: .", "2: ."]);
});

test("what is wrong fails those for whom it was, once", () => {
  const { answers, said } = batchOfThree();
  check.deepEqual(answers.respond(response([1], { requestIndex: 1 })), [1]);
  check.deepEqual(answers.respond(response([1, 2, 3])), [0, 2]);
  check.deepEqual(answers.respond(response([1, 2, 3])), []);
  const why = (shape: string): string => `fails: model 'm': output 'y' must be of shape ${shape}`;
  check.deepEqual(said, [
    `1 ${why("[2,1]; got [1,1]")}`,
    `0 ${why("[4,1]; got [3,1]")}`,
    `2 ${why("[4,1]; got [3,1]")}`,
  ]);
});

test("one without outputs that is not the last is wrong", () => {
  const { answers, said } = batchOfThree();
  check.deepEqual(answers.respond(response([], { requestIndex: 0 })), [0]);
  check.deepEqual(said, ["0 fails: model 'm': it did not return output 'y'"]);
});

test("what is for nobody is dropped", () => {
  const { answers, said } = batchOfThree();
  for (const requestIndex of [-1, 3, 0.5]) {
    check.deepEqual(answers.respond(response([1], { requestIndex, isFinal: true })), []);
    answers.fail(requestIndex, error);
  }
  check.deepEqual(said, []);
});
