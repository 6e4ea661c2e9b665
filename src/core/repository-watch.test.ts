/** Repository watch: what is loaded when, whatever happens to the folders. */
import { strict as check } from "node:assert";
import test from "node:test";
import fc from "fast-check";
import { RepositoryWatch } from "./repository-watch.ts";

const of = (states: Readonly<Record<string, string>>): ReadonlyMap<string, string> => {
  return new Map(Object.entries(states));
};

test("what is there at the start is known, and a new one is loaded when it keeps still", () => {
  const watch = new RepositoryWatch(of({ a: "1" }));
  check.deepEqual(watch.observe(of({ a: "1" })), { load: [], unload: [] });
  check.deepEqual(watch.observe(of({ a: "1", b: "half" })), { load: [], unload: [] });
  check.deepEqual(watch.observe(of({ a: "1", b: "whole" })), { load: [], unload: [] });
  check.deepEqual(watch.observe(of({ a: "1", b: "whole" })), { load: ["b"], unload: [] });
  check.deepEqual(watch.observe(of({ a: "1", b: "whole" })), { load: [], unload: [] });
});

test("a change is loaded once, and back again is a change, too", () => {
  const watch = new RepositoryWatch(of({ a: "1" }));
  const loads = ["2", "2", "2", "1", "1", "3", "1", "1"].map(
    (a) => watch.observe(of({ a })).load.length,
  );
  check.deepEqual(loads, [0, 1, 0, 0, 1, 0, 0, 0]);
});

test("what is gone is unloaded at once, and is new when it comes again", () => {
  const watch = new RepositoryWatch(of({ a: "1", b: "1" }));
  check.deepEqual(watch.observe(of({ b: "1" })), { load: [], unload: ["a"] });
  check.deepEqual(watch.observe(of({ b: "1" })), { load: [], unload: [] });
  check.deepEqual(watch.observe(of({ a: "1", b: "1" })).load, []);
  check.deepEqual(watch.observe(of({ a: "1", b: "1" })).load, ["a"]);
});

test("whatever has kept still for long is what was loaded last", () => {
  const state = fc.constantFrom("1", "2", "3");
  const states = fc.dictionary(fc.constantFrom("a", "b", "c"), state);
  fc.assert(
    fc.property(states, fc.array(states), states, (first, between, last) => {
      const watch = new RepositoryWatch(of(first));
      const loaded = of(first) as Map<string, string>;
      for (const each of [...between, last, last]) {
        const { load, unload } = watch.observe(of(each));
        for (const name of load) loaded.set(name, each[name] ?? "");
        for (const name of unload) check.ok(loaded.delete(name));
      }
      check.deepEqual(Object.fromEntries(loaded), { ...last });
      check.deepEqual(watch.observe(of(last)), { load: [], unload: [] });
    }),
  );
});
