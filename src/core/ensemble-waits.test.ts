/** Streams that would wait for themselves: in one ensemble, through others, between several. */
import { strict as check } from "node:assert";
import test from "node:test";
import { ensembleConfig, stepConfig, stepModel } from "../testing/ensemble-fixture.ts";
import { type FindConfig, refuseCircle, waitsOf } from "./ensemble-waits.ts";
import type { ModelConfig } from "./model-config.ts";

const stream = stepModel({ name: "s", isDecoupled: true });
const other = stepModel({ name: "t", isDecoupled: true });
const plain = stepModel({ name: "p" });

/** Each reads what the one before it writes. */
function chained(name: string, ...models: readonly string[]): ModelConfig {
  const steps = models.map((model, index) => {
    const [from, to] = [index === 0 ? "X" : `T${index}`, `T${index + 1}`];
    const written = index === models.length - 1 ? "Y" : to;
    return model.startsWith("e")
      ? stepConfig(model, { X: from }, { Y: written })
      : stepConfig(model, { x: from }, { y: written });
  });
  return ensembleConfig({ name, steps });
}

function finding(...configs: readonly ModelConfig[]): FindConfig {
  return (name) => configs.find((config) => config.name === name);
}

test("what streams waits for all that comes after it; what does not waits for nobody", () => {
  const config = chained("e", "p", "s", "p", "t");
  const find = finding(stream, other, plain);
  const waits = waitsOf(config, find).map(
    ({ waiter, awaited }) => `${waiter.name} ${awaited.name}`,
  );
  check.deepEqual(waits, ["e p", "e s", "s p", "s t", "e p", "e t"]);
});

const fine: readonly (readonly string[])[] = [
  ["p", "p", "s"],
  ["s", "p", "p"],
  ["s", "t", "p"],
];

for (const models of fine) {
  test(`fine: ${models.join(" -> ")}`, () => {
    refuseCircle(chained("e", ...models), [], finding(stream, other, plain));
  });
}

test("side by side they do not wait for each other", () => {
  const steps = [stepConfig("s", { x: "X" }, { y: "Y" }), stepConfig("s", { x: "X" }, { y: "Z" })];
  refuseCircle(ensembleConfig({ steps, outputs: ["Y", "Z"] }), [], finding(stream));
});

test("a model after itself", () => {
  check.throws(() => refuseCircle(chained("e", "s", "p", "s"), [], finding(stream, plain)), {
    code: "INVALID_ARGUMENT",
    message: "in ensemble e, what model 's' streams would wait for that model itself: s -> s",
  });
});

test("a model after itself, in an ensemble after it", () => {
  const inner = chained("e1", "p", "s");
  const find = finding(stream, plain, inner);
  check.throws(() => refuseCircle(chained("e", "s", "e1"), [inner], find), /: s -> e1 -> s$/);
});

test("a model that streams inside an ensemble, after which it comes again", () => {
  const inner = chained("e1", "s");
  const find = finding(stream, plain, inner);
  check.throws(() => refuseCircle(chained("e", "e1", "p", "s"), [inner], find), /: s -> s$/);
});

test("two ensembles, each fine by itself", () => {
  const first = chained("e1", "s", "t");
  const find = finding(stream, other, first);
  refuseCircle(chained("e2", "t", "p"), [first], find);
  check.throws(() => refuseCircle(chained("e2", "t", "s"), [first], find), /: t -> s -> t$/);
});
