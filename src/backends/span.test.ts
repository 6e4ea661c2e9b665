/**
 * Spans: what is told to a tracer, and that nobody is needed who listens. With the API itself:
 * test/open-telemetry/.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import { span, type TraceApi, traced } from "./span.ts";

/** Notes what happens to spans. */
function noting(): { readonly api: TraceApi; readonly notes: string[] } {
  const notes: string[] = [];
  const api: TraceApi = {
    trace: {
      getTracer: (tracer) => ({
        startActiveSpan: (name, { attributes }, run) => {
          notes.push(`${tracer} starts ${name} ${JSON.stringify(attributes)}`);
          return run({
            recordException: (error) => void notes.push(`exception ${String(error)}`),
            setStatus: ({ code, message }) => void notes.push(`status ${code} ${message}`),
            end: () => void notes.push("end"),
          });
        },
      }),
    },
  };
  return { api, notes };
}

test("nobody traces: what runs is called as it is", () => {
  const result = {};
  check.equal(
    span("work", () => result, { rows: 3 }),
    result,
  );
  check.throws(() => span("work", () => JSON.parse("{")), SyntaxError);
});

test("it ends with what runs, and gives what that gives", () => {
  const { api, notes } = noting();
  const plan = { name: "work", attributes: { rows: 3, isLast: true } };
  const result = traced(api, plan, () => {
    notes.push("runs");
    return 7;
  });
  check.equal(result, 7);
  check.deepEqual(notes, [`shoal starts work {"rows":3,"isLast":true}`, "runs", "end"]);
});

test("a promise is waited for", async () => {
  const { api, notes } = noting();
  let settle = (_value: number): void => {};
  const promise = traced(api, { name: "work", attributes: undefined }, () => {
    return new Promise<number>((resolve) => {
      settle = resolve;
    });
  });
  check.deepEqual(notes, ["shoal starts work {}"]);
  settle(5);
  check.equal(await promise, 5);
  check.deepEqual(notes.slice(1), ["end"]);
});

test("what is thrown is recorded, and goes on", async () => {
  const { api, notes } = noting();
  const plan = { name: "work", attributes: undefined };
  const broken = new Error("broken");
  check.throws(
    () =>
      traced(api, plan, () => {
        throw broken;
      }),
    broken,
  );
  await check.rejects(
    traced(api, plan, () => Promise.reject(broken)),
    broken,
  );
  const told = ["shoal starts work {}", "exception Error: broken", "status 2 broken", "end"];
  check.deepEqual(notes, [...told, ...told]);
});
