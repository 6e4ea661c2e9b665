/** Call graph: the call that would close a circle is refused, whatever was called before. */
import { strict as check } from "node:assert";
import test from "node:test";
import fc from "fast-check";
import type { ModelConfig } from "../core/model-config.ts";
import { modelConfig } from "../testing/core-fixture.ts";
import { CallGraph } from "./call-graph.ts";

const [a, b, c] = ["a", "b", "c"].map((name) => modelConfig({ name })) as [
  ModelConfig,
  ModelConfig,
  ModelConfig,
];

test("the text says how the circle goes", () => {
  const graph = new CallGraph();
  graph.enter(a, b);
  graph.enter(b, c);
  graph.enter(a, c);
  check.throws(() => graph.enter(c, a), {
    code: "INTERNAL",
    message: "model 'c' cannot call model 'a', which calls it: c/1 -> a/1 -> b/1 -> c/1",
  });
  check.throws(() => graph.enter(b, b), {
    message: "model 'b' cannot call itself: b/1 -> b/1",
  });
  graph.enter(b, c);
});

test("another version is another model", () => {
  const graph = new CallGraph();
  const second = modelConfig({ name: "a", version: 2 });
  graph.enter(second, a);
  check.throws(() => graph.enter(a, second), /model 'a' cannot call model 'a', which calls it/);
});

test("one that is loaded again has called nobody yet", () => {
  const graph = new CallGraph();
  graph.enter(a, b);
  graph.enter(b, c);
  const again = modelConfig({ name: "b" });
  graph.enter(a, again);
  graph.enter(c, again);
  check.throws(() => graph.enter(again, a), /b\/1 -> a\/1 -> b\/1/);
});

interface Call {
  readonly from: number;
  readonly to: number;
}

/** In the plainest way. There are no circles. */
function reaches(calls: readonly Call[], from: number, to: number): boolean {
  if (from === to) return true;
  return calls.some((call) => call.from === from && reaches(calls, call.to, to));
}

test("what is let in has no circle, and what is refused would have closed one", () => {
  const models = Array.from({ length: 6 }, (_, index) => modelConfig({ name: `m${index}` }));
  const anyIndex = fc.nat(models.length - 1);
  const anyCalls = fc.array(fc.record({ from: anyIndex, to: anyIndex }), { maxLength: 30 });
  fc.assert(
    fc.property(anyCalls, (calls) => {
      const graph = new CallGraph();
      const letIn: Call[] = [];
      for (const call of calls) {
        const enter = (): void => graph.enter(models[call.from] ?? a, models[call.to] ?? a);
        if (reaches(letIn, call.to, call.from)) {
          check.throws(enter, { code: "INTERNAL" });
          continue;
        }
        enter();
        letIn.push(call);
      }
    }),
  );
});
