/**
 * The example model repository over the wire, served as it lies there: every model is ready, and
 * answers as its folder says.
 */
import { strict as check } from "node:assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { createServer, type Server } from "shoal";
import { type Client, createClient, Tensor } from "shoal/client";
import { createClient as createGrpcClient } from "shoal/client/grpc";
import { Random } from "../../dist/testing/random.js";
import { writeExampleRepository } from "../example-repository.ts";

const folder: string = mkdtempSync(join(tmpdir(), "shoal-example-"));
let server: Server;
let clients: readonly Client[] = [];

before(async () => {
  writeExampleRepository(folder);
  server = createServer([], {
    httpPort: 0,
    grpcPort: 0,
    allowMetrics: false,
    httpAddress: "127.0.0.1",
    logInfo: false,
    logWarning: false,
    modelRepository: folder,
  });
  await server.listen();
  await server.ready;
  const { http = "", grpc = "" } = server.urls;
  clients = [createClient(http), createGrpcClient(`grpc://${grpc}`)];
});

after(async () => {
  for (const client of clients) client.close();
  await server.close();
  rmSync(folder, { recursive: true });
});

test("all are ready, with the versions of their policies", async () => {
  for (const client of clients) {
    const index = await client.index();
    check.deepEqual(
      index.filter(({ state }) => state !== "READY"),
      [],
    );
    const versions = index.filter(({ name }) => name.startsWith("versions_"));
    check.deepEqual(
      versions.map(({ name, version }) => `${name} ${version}`),
      [
        ...["versions_all 1", "versions_all 2", "versions_all 3"],
        ...["versions_chosen 1", "versions_chosen 3"],
        ...["versions_latest 2", "versions_latest 3"],
      ],
    );
  }
});

const four = [1, 2, 3, 4];
const sixteen = new Array(16).fill(3);

type Values = Readonly<Record<string, readonly unknown[]>>;

/** What is answered, as nested values, by the model's name. */
const answers: Readonly<Record<string, readonly [Values, Values]>> = {
  bare: [{ a: [sixteen], b: [sixteen] }, { difference: [new Array(16).fill(0)] }],
  batched: [{ a: [sixteen], b: [sixteen] }, { sum: [new Array(16).fill(6)] }],
  large: [{ x: [sixteen] }, { y: [sixteen.map((value, index) => value + index)] }],
  other_file: [{ x: [[true, false]] }, { y: [[true, false]] }],
  reshaped: [
    {
      x: [
        [
          [1, 2],
          [3, 4],
        ],
      ],
    },
    {
      y: [
        [
          [1, 2],
          [3, 4],
        ],
      ],
    },
  ],
  scalars: [{ x: [[1], [2]] }, { y: [[1], [2]] }],
  strings: [{ x: [["a", "", "fish", "ø"]] }, { y: [["a", "", "fish", "ø"]] }],
  warmed: [{ x: [four] }, { y: [four] }],
  versions_all: [{ x: [four] }, { y: [[4, 5, 6, 7]] }],
  script: [{ x: [four] }, { y: [[2, 4, 6, 8]] }],
  typed: [{ x: [four] }, { y: [[3, 6, 9, 12]] }],
  identity: [{ INPUT0: [["eel"]] }, { OUTPUT0: [["eel"]] }],
  blended: [{ A: [four], B: [four] }, { SCORES: [[2, 4, 6, 8]] }],
  diamond: [{ X: [four] }, { SUM: [[6, 8, 10, 12]], DIFFERENCE: [[-2, -2, -2, -2]] }],
};

for (const [name, [inputs, outputs]] of Object.entries(answers)) {
  test(`answers: ${name}`, async () => {
    for (const client of clients) {
      const names = Object.keys(outputs);
      const answer = await client.model(name).infer(inputs, { outputs: names });
      check.deepEqual(nested(answer), outputs);
    }
  });
}

test("a request asks for a version, and gets no other", async () => {
  for (const client of clients) {
    for (const version of [1, 3]) {
      const { y } = await client.model("versions_chosen", version).infer({ x: [four] });
      check.equal(y?.data[0], 1 + version);
    }
    await check.rejects(client.model("versions_chosen", 2).infer({ x: [four] }), {
      code: "NOT_FOUND",
      message: /^Request for unknown model: 'versions_chosen' version 2 is not found/,
    });
  }
});

test("optional inputs may be missing", async () => {
  for (const client of clients) {
    const model = client.model("optional_input");
    check.deepEqual(nested(await model.infer({ INPUT0: [1], INPUT1: [3] })), { OUTPUT0: [4] });
    check.deepEqual(nested(await model.infer({ INPUT0: [1] })), { OUTPUT0: [1] });
  }
});

test("streams: one response for each element, or as many as asked for", async () => {
  for (const client of clients) {
    const repeated: unknown[] = [];
    const inputs = { IN: [7, 8, 9], DELAY: [1, 1, 1], WAIT: [0] };
    for await (const answer of client.model("repeat_int32").stream(inputs)) {
      repeated.push(nested(answer));
    }
    check.deepEqual(
      repeated,
      [7, 8, 9].map((value, index) => ({ OUT: [value], IDX: [index] })),
    );
    let count = 0;
    for await (const { OUT } of client.model("square_int32").stream({ IN: [4] })) {
      check.equal(OUT?.data[0], 4);
      count += 1;
    }
    check.equal(count, 4);
  }
});

test("classes of outputs, with the labels of their file, also through an ensemble", async () => {
  for (const client of clients) {
    const options = { outputs: [{ name: "scores", classes: 2 }] };
    const { scores } = await client.model("classifier").infer({ pixels: [[1, 3, 2, 0]] }, options);
    check.deepEqual(scores?.toNested(), [["3.000000:1:eel", "2.000000:2:haddock"]]);
    // The fourth class has no label.
    const asked = { outputs: [{ name: "SCORES", classes: 1 }] };
    const answer = await client.model("blended").infer({ A: [four], B: [four] }, asked);
    check.deepEqual(answer["SCORES"]?.toNested(), [["8.000000:3"]]);
  }
});

test("a classifier by others: the strings are those of its own scores", async () => {
  const name = "softmax_0.tmp_0";
  const labels = ["0 degrees", "180 degrees"];
  const session = await InferenceSession.create(join(folder, "text_angle", "1", "model.onnx"));
  for (const picture of pictures(5)) {
    const dims = [1, 3, 48, 192];
    const direct = await session.run({ x: new OrtTensor("float32", picture, dims) });
    const expected = [...((direct[name]?.data ?? []) as Float32Array)];
    const inputs = { x: Tensor.from("FP32", picture, dims) };
    for (const client of clients) {
      const model = client.model("text_angle");
      const scores = [...((await model.infer(inputs))[name]?.data ?? [])].map(Number);
      check.equal(scores.length, 2);
      for (const [index, score] of scores.entries()) {
        check.ok(Math.abs(score - (expected[index] ?? 0)) < 1e-5);
      }
      for (const classes of [1, 2, 3]) {
        const answer = await model.infer(inputs, { outputs: [{ name, classes }] });
        const count = Math.min(classes, 2);
        check.deepEqual([answer[name]?.datatype, answer[name]?.shape], ["BYTES", [1, count]]);
        check.deepEqual(answer[name]?.toNested(), [topOf(scores, labels).slice(0, count)]);
      }
    }
  }
});

/** The same at every run. */
function pictures(count: number): readonly Float32Array<ArrayBuffer>[] {
  const random = new Random(7);
  return Array.from({ length: count }, () => {
    return Float32Array.from({ length: 3 * 48 * 192 }, () => random.between(-128, 127) / 128);
  });
}

/** `value:index:label`, the highest first, values as C prints them. */
function topOf(scores: readonly number[], labels: readonly string[]): readonly string[] {
  const order = scores.map((_, index) => index).sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
  return order.map((index) => `${scores[index]?.toFixed(6)}:${index}:${labels[index]}`);
}

test("one of a thousand classes, of a model whose scores have dimensions of one", async () => {
  const picture = Tensor.from("FP32", new Float32Array(3 * 64).fill(2), [1, 3, 8, 8]);
  for (const client of clients) {
    const options = { outputs: [{ name: "scores", classes: 3 }] };
    const { scores } = await client.model("thousand").infer({ data_0: picture }, options);
    check.deepEqual(scores?.toNested(), [
      ["31.218750:857:n857", "31.187500:714:n714: fish, or ø", "31.156250:571:n571"],
    ]);
    const all = await client.model("thousand").infer({ data_0: picture });
    check.deepEqual(all["scores"]?.shape, [1, 1000]);
  }
});

function nested(outputs: Readonly<Record<string, Tensor>>): Record<string, unknown> {
  const entries = Object.entries(outputs).map(([name, tensor]) => [name, tensor.toNested()]);
  return Object.fromEntries(entries);
}
