/** Rows of the guide: decorators, and the helpers that stand for them. */
import { strict as check } from "node:assert";
import {
  fillOptionals,
  firstValue,
  fp32,
  groupByValues,
  int32,
  model,
  optional,
  padBatch,
  padWith,
  sample,
  wrapInfer,
} from "shoal";
import { testServer } from "shoal/testing";
import { type Rows, rowsOf, serving, tensors, yOf } from "./guide-fixture.ts";

const withA = { inputs: { x: fp32(1), a: fp32(1) }, outputs: { y: fp32(1) } } as const;
const withOptionalA = { ...withA, inputs: { x: fp32(1), a: optional(fp32(1)) } } as const;

/** Rows of different lengths: `a` times the value. */
const repeating = { inputs: { x: fp32(1), a: int32(1) }, outputs: { y: fp32(-1) } } as const;
const threeRows = { x: [[5], [6], [7]], a: [[1], [3], [1]] };

export const helperRows: Rows = {
  "`@sample`": async () => {
    const shapes: unknown[] = [];
    const pair = { inputs: { x: fp32(2) }, outputs: { y: fp32(2) } };
    const single = model("single", {
      ...pair,
      batching: false,
      infer: ({ x }) => {
        shapes.push(x.shape);
        return { y: x };
      },
    });
    const rows = model("rows", {
      ...pair,
      infer: sample(({ x }) => {
        shapes.push(x.shape);
        return { y: x.map((value) => 2 * value) };
      }),
    });
    await using server = await testServer([single, rows]);
    check.deepEqual(await yOf(server, { model: "single", inputs: { x: [1, 2] } }), [1, 2]);
    const x = [
      [1, 2],
      [3, 4],
    ];
    check.deepEqual(await yOf(server, { model: "rows", inputs: { x } }), [
      [2, 4],
      [6, 8],
    ]);
    check.deepEqual(shapes, [[2], [2], [2]]);
  },

  "`@group_by_keys`": async () => {
    const maybe = model("maybe", {
      ...withOptionalA,
      infer: ({ x, a }) => ({ y: x.map((value, at) => value + (a?.data[at] ?? 100)) }),
    });
    await using server = await testServer(maybe);
    const [without, with10] = [{ x: [[1]] }, { x: [[2]], a: [[10]] }];
    const inputs = [without, without, with10, without];
    const calls = inputs.map((each) => yOf(server, { model: "maybe", inputs: each }));
    check.deepEqual((await Promise.all(calls)).flat(2), [101, 101, 12, 101]);
    check.deepEqual(rowsOf(server), [2, 1, 1]);
  },

  '`@group_by_values("a", pad_fn=ConstantPadder(0))`': async (t) => {
    let callCount = 0;
    const grouped = model("grouped", {
      ...repeating,
      infer: groupByValues(["a"], { pad: padWith(0) }, ({ x, a }) => {
        callCount += 1;
        return { y: Array.from(x.data, (value) => new Array<number>(a.data[0] ?? 0).fill(value)) };
      }),
    });
    const server = await serving(t, grouped);
    const y = await yOf(server, { model: "grouped", inputs: threeRows });
    check.deepEqual(
      [y, callCount],
      [
        [
          [5, 0, 0],
          [6, 6, 6],
          [7, 0, 0],
        ],
        2,
      ],
    );
  },

  "a `pad_fn` of one's own": async (t) => {
    const grouped = model("grouped", {
      ...repeating,
      infer: groupByValues(
        ["a"],
        { pad: (results) => results.map(({ y }) => ({ y: y?.pad([-1, 4], -7) })) as never },
        ({ x, a }) => ({
          y: Array.from(x.data, (value) => new Array<number>(a.data[0] ?? 0).fill(value)),
        }),
      ),
    });
    const server = await serving(t, grouped);
    const y = await yOf(server, { model: "grouped", inputs: threeRows });
    check.deepEqual(y, [
      [5, -7, -7, -7],
      [6, 6, 6, -7],
      [7, -7, -7, -7],
    ]);
  },

  "`@fill_optionals(a=np.array([1]))`": async (t) => {
    const filled = model("filled", {
      ...withOptionalA,
      infer: fillOptionals({ a: [1] }, ({ x, a }) => ({
        y: x.map((value, at) => value + (a.data[at] ?? Number.NaN)),
      })),
    });
    const server = await serving(t, filled);
    const ask = (inputs: object) => yOf(server, { model: "filled", inputs: { ...inputs } });
    check.deepEqual(await ask({ x: [[5], [6]] }), [[6], [7]]);
    check.deepEqual(await ask({ x: [[5]], a: [[10]] }), [[15]]);
    const wrong = () =>
      model("wrong", {
        ...withOptionalA,
        infer: fillOptionals({ a: ["one"] as never }, ({ x }) => ({ y: x })),
      });
    check.throws(wrong, { name: "TypeError", message: /fillOptionals: the default of 'a'/ });
  },

  '`@first_value("a")`': async (t) => {
    const scaled = model("scaled", {
      ...withA,
      infer: firstValue(["a"], ({ x, a }) => ({ y: x.map((value) => value * a) })),
    });
    const server = await serving(t, scaled);
    const ask = (a: number[][]) => yOf(server, { model: "scaled", inputs: { x: [[5], [6]], a } });
    check.deepEqual(await ask([[2], [2]]), [[10], [12]]);
    await check.rejects(ask([[2], [3]]), { code: "INVALID_ARGUMENT", message: /'a'/ });
  },

  '`@first_value("a", strict=False)`': async (t) => {
    const scaled = model("scaled", {
      ...withA,
      infer: firstValue(["a"], { strict: false }, ({ x, a }) => ({
        y: x.map((value) => value * a),
      })),
    });
    const server = await serving(t, scaled);
    const inputs = { x: [[5], [6]], a: [[2], [3]] };
    check.deepEqual(await yOf(server, { model: "scaled", inputs }), [[10], [12]]);
  },

  '`@first_value("a", squeeze_single_values=False)`': async (t) => {
    const scaled = model("scaled", {
      ...withA,
      infer: firstValue(["a"], { squeeze: false }, ({ x, a }) => {
        check.deepEqual(a.shape, [1]);
        return { y: x.map((value) => value * (a.data[0] ?? Number.NaN)) };
      }),
    });
    const server = await serving(t, scaled);
    const inputs = { x: [[5], [6]], a: [[2], [2]] };
    check.deepEqual(await yOf(server, { model: "scaled", inputs }), [[10], [12]]);
  },

  "`@pad_batch`": async (t) => {
    const seen: unknown[] = [];
    const padded = model("padded", {
      ...tensors,
      maxBatchSize: 8,
      batching: { preferredBatchSizes: [4, 8] },
      infer: padBatch(({ x }) => {
        seen.push([...x.data]);
        return { y: x.map((value) => 2 * value) };
      }),
    });
    const server = await serving(t, padded);
    const x = [[1], [2], [3]];
    check.deepEqual(await yOf(server, { model: "padded", inputs: { x } }), [[2], [4], [6]]);
    check.deepEqual(seen, [[1, 2, 3, 3]]);
  },

  "several decorators, in the right order": async (t) => {
    const seen: unknown[] = [];
    const inputs = { x: [[1], [2], [3]], a: [[10], [100], [10]] };
    const models = [
      model("grouped", {
        ...withOptionalA,
        maxBatchSize: 4,
        infer: fillOptionals(
          { a: [1] },
          groupByValues(
            ["a"],
            firstValue(
              ["a"],
              padBatch(({ x, a }) => {
                seen.push(x.rows);
                return { y: x.map((value) => value * a) };
              }),
            ),
          ),
        ),
      }),
      // The other way round the batch is padded, and then grouped.
      model("padded", {
        ...withOptionalA,
        maxBatchSize: 4,
        infer: padBatch(
          fillOptionals(
            { a: [1] },
            groupByValues(
              ["a"],
              firstValue(["a"], ({ x, a }) => {
                seen.push(x.rows);
                return { y: x.map((value) => value * a) };
              }),
            ),
          ),
        ),
      }),
    ];
    const server = await serving(t, models);
    for (const { name } of models) {
      check.deepEqual(await yOf(server, { model: name, inputs }), [[10], [200], [30]]);
      check.deepEqual(await yOf(server, { model: name, inputs: { x: [[7]] } }), [[7]]);
    }
    check.deepEqual(seen, [4, 4, 4, 3, 1, 4]);
  },

  "decorators of one's own: `convert_output`, ...": async (t) => {
    const converted = model("converted", {
      ...tensors,
      infer: wrapInfer(
        ({ x }) => [x.map((value) => 2 * value)],
        (infer, { outputs }) =>
          (inputs, context) => {
            const list = infer(inputs, context);
            const named = Object.keys(outputs).map((name, at) => [name, list[at]]);
            return Object.fromEntries(named) as { y: (typeof list)[0] };
          },
      ),
    });
    const server = await serving(t, converted);
    check.deepEqual(await yOf(server, { model: "converted", inputs: { x: [[5]] } }), [[10]]);
  },
};
