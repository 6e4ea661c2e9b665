/** Debug hooks: what the environment says becomes options, and a warning for each. */
import { strict as check } from "node:assert";
import test from "node:test";
import { readDebugHooks } from "./debug-hooks.ts";

test("nothing is set", () => {
  const off = {
    holdUntilWaiting: 0,
    delays: { streamedMessageMs: 0, answerMs: 0 },
    warnings: [],
  };
  check.deepEqual(readDebugHooks({ PATH: "/" }), off);
  check.deepEqual(readDebugHooks({ TRITONSERVER_DELAY_SCHEDULER: "0" }), off);
});

test("what is set is told", () => {
  const { warnings, ...hooks } = readDebugHooks({
    TRITONSERVER_DELAY_SCHEDULER: "12",
    TRITONSERVER_DELAY_GRPC_RESPONSE: "2000",
    TRITONSERVER_SERVER_DELAY_GRPC_RESPONSE_SEC: "3",
  });
  check.deepEqual(hooks, {
    holdUntilWaiting: 12,
    delays: { streamedMessageMs: 2000, answerMs: 3000 },
  });
  check.equal(warnings.length, 3);
  check.match(warnings[0] ?? "", /^DEBUGGING: TRITONSERVER_DELAY_SCHEDULER=12 is set: .*Not for/);
});

for (const value of ["-1", "two", "1.5", "99999999999999999999"]) {
  test(`refused: ${value}`, () => {
    check.throws(() => readDebugHooks({ TRITONSERVER_DELAY_SCHEDULER: value }), {
      name: "TypeError",
      message: /'TRITONSERVER_DELAY_SCHEDULER' must be a whole number from 0 .*; got '/,
    });
  });
}
