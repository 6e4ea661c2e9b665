/** Rows of PyTriton's clients (clients.test.ts): inputs, outputs, options of calls, streams. */
import { strict as check } from "node:assert";
import { EventEmitter, once } from "node:events";
import { bytes, model as define, fp32 } from "shoal";
import { responseOf, Tensor } from "shoal/client/grpc";
import { all, connected, errorOf, served, writerOfGrpc, writerOfHttp } from "./client-fixture.ts";
import { type Rows, tensors, times } from "./guide-fixture.ts";

/** Twice x, of any length. */
const twice = define("m", {
  inputs: { x: fp32(-1) },
  outputs: { y: fp32(-1) },
  maxBatchSize: 4,
  infer: ({ x }) => ({ y: x.map((value) => 2 * value) }),
});

const whole = define("whole", {
  inputs: { x: fp32(-1) },
  outputs: { y: fp32(-1) },
  batching: false,
  infer: ({ x }) => ({ y: x }),
});

/** Answers x, and then the negative of it. */
const signs = define("signs", {
  ...tensors,
  *infer({ x }) {
    yield { y: x.clone() };
    yield { y: x.map((value) => -value) };
  },
});

export const callRows: Rows = {
  "`infer_sample(x)`, `infer_sample(x=x)`": async (t) => {
    const { clients } = await served(t, [twice, whole]);
    for (const client of clients()) {
      for (const name of ["m", "whole"]) {
        const model = client.model(name);
        const x = [1, 2, 3];
        check.deepEqual((await model.inferSample({ x }))["y"]?.shape, [3]);
        for (const wrong of [{ x, z: x }, {}, x as never]) {
          check.equal((await errorOf(model.inferSample(wrong))).kind, "invalid");
        }
      }
    }
  },

  "`infer_batch(x=x)`": async (t) => {
    const { clients } = await served(t, [twice, whole]);
    for (const client of clients()) {
      const x = Array.from({ length: 10 }, (_, row) => [row, 1]);
      const { y } = await client.model("m").inferBatch({ x });
      check.deepEqual(
        y?.toNested(),
        x.map(([row = 0]) => [2 * row, 2]),
      );
      const { kind, message } = await errorOf(client.model("whole").inferBatch({ x: [1] }));
      const why = "model 'whole' does not batch: use infer or inferSample";
      check.deepEqual([kind, message], ["invalid", why]);
    }
  },

  "`np.array([1, 2], np.float32)`": async (t) => {
    const { clients } = await served(t, twice);
    for (const client of clients()) {
      const model = client.model("m");
      for (const x of [[1, 2], Float32Array.of(1, 2), Tensor.from("FP32", [1, 2])]) {
        check.deepEqual((await model.inferSample({ x }))["y"]?.toNested(), [2, 4]);
      }
      for (const x of [["1"], Int32Array.of(1), Tensor.from("FP64", [1]), [[1]], null]) {
        const { kind, message } = await errorOf(model.inferSample({ x }));
        check.equal(kind, "invalid");
        check.match(message, /^model 'm': input 'x' /);
      }
    }
  },

  '`np.char.encode(texts, "utf-8")`': async (t) => {
    const echo = define("echo", {
      inputs: { x: bytes(-1) },
      outputs: { y: bytes(-1) },
      infer: ({ x }) => ({ y: x }),
    });
    const { clients } = await served(t, echo);
    const texts = ["fish", "魚", ""];
    for (const client of clients()) {
      const model = client.model("echo");
      for (const x of [texts, texts.map((text) => Uint8Array.from(Buffer.from(text)))]) {
        check.deepEqual((await model.inferSample({ x }))["y"]?.data, texts);
      }
    }
  },

  '`result["y"]`': async (t) => {
    const { clients } = await served(t, twice);
    for (const client of clients()) {
      const result = await client.model<typeof twice>("m").infer({ x: [[1], [2]] });
      check.deepEqual(result.y.data, Float32Array.of(2, 4));
      check.deepEqual(result.y.toNested(), [[2], [4]]);
    }
  },

  '`parameters={"a": 1}`': async (t) => {
    const told: unknown[] = [];
    const tells = define("tells", {
      ...tensors,
      infer: ({ x }, { requests }) => {
        told.push({ ...requests[0]?.parameters });
        return { y: x };
      },
    });
    const { clients } = await served(t, tells);
    for (const client of clients()) {
      const model = client.model("tells");
      const parameters = { a: 1, b: "two", c: true, d: 0.5, e: 2n ** 60n };
      await model.inferSample({ x: [1] }, { parameters });
      check.deepEqual(told.splice(0), [parameters]);
      for (const wrong of [{ a: null }, { a: { b: 1 } }]) {
        const refused = model.inferSample({ x: [1] }, { parameters: wrong as never });
        const { code, message } = await errorOf(refused);
        check.equal(code, "INVALID_ARGUMENT");
        check.match(message, /parameter 'a' /);
      }
      const noObject = model.inferSample({ x: [1] }, { parameters: "a" as never });
      check.equal((await errorOf(noObject)).kind, "invalid");
      check.deepEqual(told, []);
    }
  },

  '`headers={"a": "1"}`': async (t) => {
    for (const writer of [await writerOfHttp(t), await writerOfGrpc(t)]) {
      const inputs = writer.url.startsWith("http") ? { x: [[1]] } : {};
      const client = connected(t, writer.url, { format: "json", headers: { b: "2" } });
      await client.model("m").infer(inputs, { headers: { a: "1" } });
      await client
        .model("m")
        .stream(inputs, { headers: { a: "3" } })
        .next()
        .catch(() => {});
      const sent = writer.asked.filter(({ what }) => /infer/i.test(what));
      check.deepEqual(
        sent.map(({ headers: { a, b } }) => [a, b]),
        [
          ["1", "2"],
          ["3", "2"],
        ],
      );
      for (const headers of [{ a: "1\n2" }, { "a b": "1" }]) {
        check.equal((await errorOf(client.model("m").infer(inputs, { headers }))).kind, "invalid");
      }
    }
  },

  "all outputs, and ids that are counted": async (t) => {
    const both = define("both", {
      inputs: tensors.inputs,
      outputs: { y: fp32(1), z: fp32(1) },
      infer: ({ x }) => ({ y: x, z: x }),
    });
    const { clients } = await served(t, both);
    for (const client of clients()) {
      const options = { outputs: ["y"], id: "a", priority: 1, timeoutMs: 5 };
      const outputs = await client.model("both").inferSample({ x: [1] }, options);
      check.deepEqual([Object.keys(outputs), responseOf(outputs).id], [["y"], "a"]);
      const every = await client.model("both").inferSample({ x: [1] });
      check.deepEqual([Object.keys(every), responseOf(every).id], [["y", "z"], ""]);
      const inSequence = client.sequence().model("both");
      const { y } = await inSequence.inferSample({ x: [1] }, { isLast: true });
      check.equal(y?.data[0], 1);
    }
  },

  "`DecoupledModelClient`, `AsyncioDecoupledModelClient`: `infer_batch(x=x)`": async (t) => {
    const { clients } = await served(t, signs);
    for (const client of clients()) {
      const model = client.model<typeof signs>("signs");
      const x = [[1], [2]];
      const values: unknown[] = [];
      const options = { parameters: { a: 1 }, headers: { b: "2" } };
      for await (const { y } of model.stream({ x })) values.push(y.toNested());
      check.deepEqual(values, [x, [[-1], [-2]]]);
      check.equal((await all(model.stream({ x }, options))).length, 2);
    }
  },

  "the same: `infer_sample(x=x)`": async (t) => {
    const alone = define("alone", {
      ...tensors,
      batching: false,
      *infer({ x }) {
        yield { y: x };
      },
    });
    const { clients } = await served(t, [signs, alone]);
    for (const client of clients()) {
      const model = client.model("signs");
      const x = [5];
      const values = (await all(model.streamSample({ x }))).map(({ y }) => y?.toNested());
      check.deepEqual(values, [[5], [-5]]);
      const whole = await all(client.model("alone").streamSample({ x }));
      check.deepEqual(whole[0]?.["y"]?.toNested(), [5]);
      check.equal((await errorOf(model.streamSample({ x: [x] }).next())).kind, "invalid");
    }
  },

  "`Inference is already in progress`": async (t) => {
    const { clients } = await served(t, signs);
    for (const client of clients()) {
      const values = Array.from({ length: 20 }, (_, index) => index + 1);
      const streams = values.map((value) =>
        all(client.model("signs").streamSample({ x: [value] })),
      );
      check.deepEqual(
        (await Promise.all(streams)).map((responses) => responses.map(({ y }) => y?.data[0])),
        values.map((value) => [value, -value]),
      );
    }
  },

  "`generator.close()`": async (t) => {
    const events = new EventEmitter();
    const endless = define("endless", {
      ...tensors,
      async *infer({ x }, { signal }) {
        yield { y: x.clone() };
        if (!signal.aborted) await once(signal, "abort");
        events.emit("left");
      },
    });
    const { clients } = await served(t, endless);
    for (const client of clients()) {
      const left = once(events, "left");
      for await (const { y } of client.model("endless").streamSample({ x: [5] })) {
        check.equal(y?.data[0], 5);
        break;
      }
      await left;
    }
  },

  "`Model config is decoupled. Use DecoupledModelClient instead.`": async (t) => {
    const { clients } = await served(t, signs);
    for (const client of clients()) {
      const { kind, code, message } = await errorOf(client.model("signs").infer({ x: [[1]] }));
      check.deepEqual([kind, code], ["server", "UNIMPLEMENTED"]);
      check.match(message, /decoupled/);
    }
  },

  "`Model config is coupled. Use ModelClient instead.`": async (t) => {
    const { clients } = await served(t, times(2));
    for (const client of clients()) {
      const model = client.model("times");
      const x = [[5]];
      const responses = await all(model.stream({ x }));
      check.deepEqual(
        responses.map(({ y }) => y?.toNested()),
        [[[10]]],
      );
    }
  },
};
