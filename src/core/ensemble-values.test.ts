/** What an ensemble's tensors become between two models. */
import { strict as check } from "node:assert";
import test from "node:test";
import { tensor } from "../testing/step-models.ts";
import { fitted, isPassedOn, sequenceAfter } from "./ensemble-values.ts";

const shapes: readonly [
  what: string,
  shape: readonly number[],
  dims: readonly number[],
  isBatching: boolean,
  expected: readonly number[],
][] = [
  ["both batch", [2, 1], [1], true, [2, 1]],
  ["neither does", [2], [2], false, [2]],
  ["a batch of one is taken off", [1, 2], [2], false, [2]],
  ["but not if the whole shape fits", [1, 2], [-1, 2], false, [1, 2]],
  ["nor one of more rows", [2, 1], [1], false, [2, 1]],
  ["nor if the rest does not fit", [1, 2], [3], false, [1, 2]],
  ["a batch of one is put on", [2], [2], true, [1, 2]],
  ["but not if the first dimension is the batch", [1, 2], [2], true, [1, 2]],
];

for (const [what, shape, dims, isBatching, expected] of shapes) {
  test(what, () => {
    const given = tensor("from", [1, 2], shape);
    const passage = { isBatching, isShared: false };
    const handedOn = fitted(given, { name: "to", tensor: 0, dims }, passage);
    check.deepEqual(
      [handedOn.name, handedOn.shape, handedOn.isShared],
      ["to", expected, undefined],
    );
    check.equal(handedOn.chunks, given.chunks);
  });
}

test("what was handed on is known by its memory, if it was shared", () => {
  const own = tensor("x", [1]);
  const shared = { ...tensor("w", [2]), isShared: true } as const;
  check.equal(isPassedOn({ ...own, name: "y" }, [own, shared], false), false);
  check.equal(isPassedOn({ ...own, name: "y" }, [own, shared], true), true);
  check.equal(isPassedOn({ ...shared, name: "y" }, [own, shared], false), true);
  check.equal(isPassedOn(tensor("y", [1]), [own, shared], true), false);
  check.equal(isPassedOn(undefined, [shared], true), false);
});

test("a sequence is what was said of it last; none is none", () => {
  const before = { id: 3n, isStart: true, isEnd: false };
  check.deepEqual(sequenceAfter(before, {}), before);
  check.equal(sequenceAfter(undefined, { other: 1 }), undefined);
  check.deepEqual(sequenceAfter(before, { sequence_end: true }), { ...before, isEnd: true });
  check.deepEqual(sequenceAfter(before, { sequence_id: "s" }), { ...before, id: "s" });
  const none = { sequence_id: 0, sequence_start: false, sequence_end: false };
  check.equal(sequenceAfter(before, none), undefined);
});
