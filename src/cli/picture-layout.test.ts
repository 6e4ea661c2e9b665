/**
 * Which inputs are for pictures, and where in them a picture goes.
 */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { pictureLayout } from "./picture-layout.ts";

interface Case {
  readonly dims: readonly number[];
  readonly hasBatch?: boolean;
  readonly format?: string;
  /** Channels, height, width and which comes first; undefined: none. */
  readonly layout: readonly unknown[] | undefined;
}

const cases: readonly Case[] = [
  { dims: [3, 224, 320], layout: [3, 224, 320, "first"] },
  { dims: [-1, 3, 224, 320], hasBatch: true, layout: [3, 224, 320, "first"] },
  { dims: [1, 224, 320, 3], layout: [3, 224, 320, "last"] },
  { dims: [-1, -1, -1, 1], layout: [1, undefined, undefined, "last"] },
  { dims: [4, -1, 8], layout: [4, undefined, 8, "first"] },
  { dims: [4, 4, 3], layout: [3, 4, 4, "last"] },
  { dims: [3, 4, 3], layout: [3, 4, 3, "first"] },
  { dims: [1, 28, 1], layout: [1, 28, 1, "first"] },
  { dims: [1, 28, 1], format: "FORMAT_NHWC", layout: [1, 1, 28, "last"] },
  { dims: [3, 8, 8], format: "FORMAT_NONE", layout: [3, 8, 8, "first"] },
  { dims: [3, 8, 4], format: "FORMAT_NCHW", layout: [3, 8, 4, "first"] },
  { dims: [1, 8, 3], format: "FORMAT_NCHW", layout: [1, 8, 3, "first"] },
  { dims: [3, 8, 8], format: "FORMAT_NHWC", layout: undefined },
  { dims: [8, 8, 3], format: "FORMAT_NCHW", layout: undefined },
  { dims: [-1, -1, -1], layout: undefined },
  { dims: [2, 8, 8], layout: undefined },
  { dims: [-1, 8, 3], hasBatch: true, layout: undefined },
  { dims: [-1, 16, 3, 8, 8], hasBatch: true, layout: undefined },
  { dims: [3], layout: undefined },
  { dims: [], layout: undefined },
];

for (const { dims, hasBatch = false, format, layout } of cases) {
  test(`[${dims}] ${hasBatch ? "of a batch" : ""} ${format ?? ""}`, () => {
    const others = [{ name: "other", format: "FORMAT_NHWC" }, null];
    const own = format === undefined ? [] : [{ name: "x", format }];
    const input = { name: "x", datatype: "UINT8", dims, isOptional: false } as const;
    const found = pictureLayout(input, { hasBatch, config: { input: [...others, ...own] } });
    check.deepEqual(
      found && [
        found.channels,
        found.height,
        found.width,
        found.isChannelsFirst ? "first" : "last",
      ],
      layout,
    );
    check.equal(found?.takesSeveral, found && dims.length === 4);
  });
}

test("a server without a configuration, or with a strange one", () => {
  const input = { name: "x", datatype: "UINT8", dims: [3, 8, 8], isOptional: false } as const;
  for (const config of [undefined, {}, { input: 3 }, { input: [{ name: "x", format: 7 }] }]) {
    check.equal(pictureLayout(input, { hasBatch: false, config })?.channels, 3);
  }
});
