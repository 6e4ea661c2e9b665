/** Rows of the guide: forms of the function, and what it is told. */
import { strict as check } from "node:assert";
import { EventEmitter, once } from "node:events";
import { fp32, type Inputs, model, optional, requestList } from "shoal";
import { type TestServer, testServer } from "shoal/testing";
import { post } from "../conformance/server.ts";
import { LoggedServer } from "../instances/logged-server.ts";
import { bodyOf, type Rows, rowsOf, serving, tensors, yOf } from "./guide-fixture.ts";

type Given = Inputs<typeof tensors.inputs>;

/** What a streaming model answers to one row: its output `y`, response by response. */
async function streamed(
  server: Pick<TestServer, "stream">,
  name: string,
  value: number,
): Promise<readonly unknown[]> {
  const values: unknown[] = [];
  const request = { model: name, inputs: { x: [[value]] }, parameters: { value } };
  for await (const { outputs } of server.stream(request)) values.push(outputs["y"]?.data[0]);
  return values;
}

export const formRows: Rows = {
  "a bare function of `List[Request]`": async () => {
    const seen: number[] = [];
    const listed = model("listed", {
      ...tensors,
      infer: requestList((requests) => {
        seen.push(requests.length);
        return requests.map(({ inputs, parameters }) => ({
          y: inputs.x.map((value) => value * Number(parameters["factor"])),
        }));
      }),
    });
    await using server = await testServer(listed);
    const ask = (x: number[][], factor: number) =>
      yOf(server, { model: "listed", inputs: { x }, parameters: { factor } });
    const answers = await Promise.all([ask([[1]], 2), ask([[2], [3]], 10)]);
    check.deepEqual([answers, seen], [[[[2]], [[20], [30]]], [2]]);
  },

  '`request["x"]`, `"x" in request`; `Response({"y": y})`': async (t) => {
    const either = model("either", {
      inputs: { x: optional(fp32(1)), other: optional(fp32(1)) },
      outputs: { y: fp32(1) },
      infer: requestList((requests) =>
        requests.map(({ inputs }) => {
          const y = inputs.x === undefined ? [[-1]] : inputs.x.map((value) => 2 * value);
          return { y };
        }),
      ),
    });
    const server = await serving(t, either);
    const [one, other] = [{ x: [[5]] }, { other: [[5]] }];
    check.deepEqual(await yOf(server, { model: "either", inputs: one }), [[10]]);
    check.deepEqual(await yOf(server, { model: "either", inputs: other }), [[-1]]);
  },

  "`def`, `lambda`": async (t) => {
    function declared({ x }: Given) {
      return { y: x.toNested() as number[][] };
    }
    const models = [
      model("declared", { ...tensors, infer: declared }),
      model("arrow", { ...tensors, infer: ({ x }) => ({ y: Array.from(x.data, (v) => [v]) }) }),
    ];
    const server = await serving(t, models);
    for (const { name } of models) {
      check.deepEqual(await yOf(server, { model: name, inputs: { x: [[5], [6]] } }), [[5], [6]]);
    }
  },

  "`async def`": async (t) => {
    const events = new EventEmitter();
    const both = once(events, "both");
    let running = 0;
    let most = 0;
    const waiting = model("waiting", {
      ...tensors,
      maxBatchSize: 1,
      instances: { concurrency: 2 },
      infer: async ({ x }) => {
        running += 1;
        most = Math.max(most, running);
        if (running === 2) events.emit("both");
        await both;
        running -= 1;
        return { y: x };
      },
    });
    const server = await serving(t, waiting);
    const ask = (value: number) => yOf(server, { model: "waiting", inputs: { x: [[value]] } });
    check.deepEqual(await Promise.all([1, 2, 3, 4].map(ask)), [[[1]], [[2]], [[3]], [[4]]]);
    check.equal(most, 2);
  },

  "a bound method, an object with `__call__`": async (t) => {
    class Scaler {
      readonly #factor = 3;
      infer({ x }: Given) {
        return { y: x.map((value) => value * this.#factor) };
      }
    }
    const scaler = new Scaler();
    const models = [
      model("object", { ...tensors, infer: scaler }),
      model("bound", { ...tensors, infer: scaler.infer.bind(scaler) }),
    ];
    const server = await serving(t, models);
    for (const { name } of models) {
      check.deepEqual(await yOf(server, { model: name, inputs: { x: [[5]] } }), [[15]]);
    }
  },

  "`yield [...]`: a list, an element for each request": async () => {
    const listed = model("listed", {
      ...tensors,
      infer: requestList(function* (requests) {
        yield requests.map(({ inputs }) => ({ y: inputs.x }));
        yield requests.map(({ parameters }) => ({ y: [[10 * Number(parameters["value"])]] }));
      }),
    });
    await using server = await testServer(listed);
    const answers = await Promise.all([5, 6].map((value) => streamed(server, "listed", value)));
    check.deepEqual(answers, [
      [5, 50],
      [6, 60],
    ]);
    check.deepEqual(rowsOf(server), [2]);
  },

  "`yield` of a whole batch; nothing at all, too": async () => {
    const responses = (x: Given["x"], left: number) => ({ y: x.map((value) => 10 * value + left) });
    const models = [
      model("steps", {
        ...tensors,
        infer: function* ({ x }) {
          for (let left = Math.max(...x.data); left > 0; left -= 1) yield responses(x, left);
        },
      }),
      model("later", {
        ...tensors,
        infer: async function* ({ x }) {
          for (let left = Math.max(...x.data); left > 0; left -= 1) {
            yield await Promise.resolve(responses(x, left));
          }
        },
      }),
    ];
    for (const served of models) {
      await using server = await testServer(served);
      const together = [1, 2].map((value) => streamed(server, served.name, value));
      check.deepEqual(await Promise.all(together), [
        [12, 11],
        [22, 21],
      ]);
      check.deepEqual(rowsOf(server), [2]);
      check.deepEqual(await streamed(server, served.name, 0), []);
    }
  },

  "`@batch`": async () => {
    const shapes: unknown[] = [];
    const whole = model("whole", {
      ...tensors,
      infer: ({ x }) => {
        shapes.push(x.shape);
        const sum = x.data.reduce((total, value) => total + value, 0);
        return { y: x.map((value) => value / sum) };
      },
    });
    await using server = await testServer(whole);
    const ask = (x: number[][]) => yOf(server, { model: "whole", inputs: { x } });
    const answers = await Promise.all([ask([[1], [2]]), ask([[5]])]);
    check.deepEqual([answers, shapes], [[[[0.125], [0.25]], [[0.625]]], [[3, 1]]]);
  },

  "`@batch`, with a list of outputs in their order": async (t) => {
    const declared = {
      inputs: { a: fp32(1), b: fp32(1) },
      outputs: { sum: fp32(1), difference: fp32(1) },
    };
    const named = model("named", {
      ...declared,
      infer: ({ a, b }) => {
        const sum = a.map((value, at) => value + (b.data[at] ?? 0));
        const difference = a.map((value, at) => value - (b.data[at] ?? 0));
        return { sum, difference };
      },
    });
    const listed = model("listed", { ...declared, infer: ({ a, b }) => [a, b] as never });
    const server = await serving(t, [named, listed]);
    const inputs = { a: [[5]], b: [[3]] };
    const { outputs } = await server.infer({ model: named, inputs });
    check.deepEqual([outputs.sum.toNested(), outputs.difference.toNested()], [[[8]], [[2]]]);
    const message = "model 'listed': infer must return an object of outputs; got an array";
    await check.rejects(server.infer({ model: listed, inputs }), { code: "INTERNAL", message });
  },

  "`@triton_context`, `get_model_config`": async (t) => {
    let told: unknown;
    const named = model("named", {
      ...tensors,
      version: 3,
      maxBatchSize: 8,
      infer: ({ x }, context) => {
        const { name, version, inputs, outputs, options, isDecoupled } = context.model;
        told = { name, version, inputs, outputs, options, isDecoupled };
        return { y: x };
      },
    });
    await yOf(await serving(t, named), { model: "named", inputs: { x: [[1]] } });
    const said = { name: "named", version: 3, ...tensors, isDecoupled: false };
    check.deepEqual(told, { ...said, options: { maxBatchSize: 8 } });
  },

  "`get_inference_request_batch_size`": async () => {
    const seen: unknown[] = [];
    const sized = model("sized", {
      ...tensors,
      infer: ({ x }, context) => {
        seen.push([context.rows, context.requests.map(({ rows }) => rows)]);
        return { y: x };
      },
    });
    await using server = await testServer(sized);
    const ask = (x: number[][]) => yOf(server, { model: "sized", inputs: { x } });
    await Promise.all([ask([[1], [2]]), ask([[3]])]);
    check.deepEqual(seen, [[3, [2, 1]]]);
  },

  "`request.parameters`": async (t) => {
    const seen: unknown[] = [];
    const telling = model("telling", {
      ...tensors,
      infer: ({ x }, context) => {
        for (const { parameters, headers } of context.requests) {
          seen.push([{ ...parameters }, { ...headers }]);
        }
        return { y: x };
      },
    });
    const server = await serving(t, telling, { httpHeaderForwardPattern: "^x-user$" });
    await server.listen();
    const body = bodyOf([1], { parameters: { beam: 4, greedy: true, note: "hi" } });
    await post(`${server.urls.http}/v2/models/telling/infer`, body, { "x-user": "me" });
    const said = { beam: 4, greedy: true, note: "hi", "x-user": "me" };
    check.deepEqual(seen, [[said, { "x-user": "me" }]]);
  },

  "`request.requested_output_names`": async (t) => {
    const seen: unknown[] = [];
    const telling = model("telling", {
      inputs: { x: fp32(1) },
      outputs: { y: fp32(1), z: fp32(1) },
      infer: ({ x }, context) => {
        for (const { requestedOutputs } of context.requests) seen.push(requestedOutputs);
        return { y: x, z: x.clone() };
      },
    });
    const server = await serving(t, telling);
    const request = { model: telling, inputs: { x: [[1]] } };
    const { outputs } = await server.infer({ ...request, outputs: ["z"] });
    check.deepEqual(Object.keys(outputs), ["z"]);
    await server.infer(request);
    check.deepEqual(seen, [["z"], []]);
  },

  "a logger in the function": async (t) => {
    const telling = model("telling", {
      ...tensors,
      infer: ({ x }, context) => {
        for (const level of ["info", "warning", "error"] as const)
          context.log[level](`as ${level}`);
        return { y: x };
      },
    });
    const served = await LoggedServer.start(t, telling);
    await served.server.infer({ model: telling, id: "seven", inputs: { x: [[1]] } });
    for (const [letter, level] of [
      ["I", "info"],
      ["W", "warning"],
      ["E", "error"],
    ] as const) {
      const line = `as ${level} (model telling, version 1, instance 0, request seven)`;
      check.ok(served.messages(letter).includes(line), line);
    }
  },

  "`request.span`, `traced_span(name)`": async (t) => {
    // Nobody has registered OpenTelemetry here; with it: `set_telemetry_tracer(tracer)`.
    check.equal(Symbol.for("opentelemetry.js.api.1") in globalThis, false);
    const failed = new Error("inside");
    const caught: unknown[] = [];
    const traced = model("traced", {
      ...tensors,
      infer: async ({ x }, context) => {
        const name = "double";
        const y = await context.span(name, async () => x.map((value) => 2 * value), { rows: 1 });
        try {
          context.span("broken", () => {
            throw failed;
          });
        } catch (error) {
          caught.push(error);
        }
        return { y };
      },
    });
    const server = await serving(t, traced);
    check.deepEqual(await yOf(server, { model: "traced", inputs: { x: [[5]] } }), [[10]]);
    check.deepEqual(caught, [failed]);
  },
};
