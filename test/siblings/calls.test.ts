/**
 * Models that call others: in all four combinations of inline and thread, as promises and streams,
 * and what of a call that goes wrong reaches whom.
 */
import { strict as check } from "node:assert";
import { type TestContext, test } from "node:test";
import { createServer, type InferenceError, type Model, type Server } from "shoal";
import { quietLoopback } from "../conformance/server.ts";
import {
  called,
  callers,
  callsInSetup,
  circles,
  giving,
  kinds,
  refusing,
  relays,
} from "./calling-models.ts";

async function start(t: TestContext, ...models: readonly Model[]): Promise<Server> {
  const server = createServer(models, quietLoopback);
  t.after(() => server.close());
  await server.ready;
  return server;
}

async function ask(
  server: Server,
  model: Model,
  parameters: Readonly<Record<string, string>>,
  x: readonly (readonly number[])[] = [[1]],
): Promise<unknown> {
  const { outputs } = await server.infer({ model: model.name, inputs: { x }, parameters });
  return outputs["y"]?.toNested();
}

/** Its answer as an error: what it wants to tell. */
async function toldBy(
  server: Server,
  model: Model,
  parameters: Readonly<Record<string, string>>,
): Promise<string> {
  const told = await ask(server, model, parameters).then(
    (y) => `answers ${JSON.stringify(y)}`,
    ({ code, message }: InferenceError) => `${code} ${message}`,
  );
  return told;
}

for (const from of kinds) {
  for (const to of kinds) {
    const caller = callers[from];
    const relay = relays[from];
    const doubling = called.doubling[to];
    const counting = called.counting[to];

    test(`from ${from} to ${to}: answers, however it is asked`, async (t) => {
      const server = await start(t, caller, doubling);
      for (const [does, y] of [
        ["ask", [[6, 8]]],
        ["askDefined", [[6, 8]]],
        ["askNested", [[6, 8]]],
        ["askTwice", [[206]]],
        ["askInTurn", [[24, 32]]],
      ] as const) {
        check.deepEqual(await ask(server, caller, { does, to: doubling.name }, [[3, 4]]), y, does);
      }
    });

    test(`from ${from} to ${to}: streams, whole and left early`, async (t) => {
      const server = await start(t, caller, counting);
      const sum = { does: "sum", to: counting.name };
      // More than its window.
      check.deepEqual(await ask(server, caller, sum, [[200]]), [[19_900]]);
      check.deepEqual(await ask(server, caller, sum, [[0]]), [[0]]);
      const takeThree = { does: "takeThree", to: counting.name };
      check.deepEqual(await ask(server, caller, takeThree, [[-1]]), [[0, 1, 2]]);
    });

    test(`from ${from} to ${to}: a stream of a stream goes as fast as it is read`, async (t) => {
      const server = await start(t, relay, counting);
      const request = {
        model: relay.name,
        inputs: { x: [[-1]] },
        parameters: { to: counting.name },
      };
      let count = 0;
      for await (const { outputs } of server.stream(request)) {
        check.equal(outputs["y"]?.data[0], count);
        count += 1;
        if (count === 300) break;
      }
    });
  }

  const caller = callers[from];
  const { inline } = called.doubling;

  test(`from ${from}: an error keeps its code, its text and its time for another try`, async (t) => {
    const server = await start(t, caller, refusing, giving, called.counting.inline);
    const parameters = { to: refusing.name };
    await check.rejects(ask(server, caller, parameters), {
      code: "NOT_FOUND",
      message: "there is no such word",
      retryAfterS: 7,
    });
    for (const [to, told] of [
      ["nobody", "NOT_FOUND Request for unknown model: 'nobody' is not found"],
      [
        "counting-inline",
        "UNIMPLEMENTED model 'counting-inline' streams: " +
          "it has any number of responses; use stream()",
      ],
      [
        "giving-up",
        "INTERNAL model 'giving-up' cannot go on and is out of service: internal error",
      ],
    ] as const) {
      check.equal(await toldBy(server, caller, { to }), told);
    }
    check.equal(await toldBy(server, caller, { does: "own" }), `UNKNOWN ${caller.name}/1`);
  });

  test(`from ${from}: what is written wrong is the model's mistake, not the client's`, async (t) => {
    const server = await start(t, caller, inline);
    const to = inline.name;
    for (const [does, told] of [
      ["askNobody", /^UNKNOWN TypeError: context\.model\(\): 'model' must be a model or its name/],
      [
        "misspell",
        /^UNKNOWN TypeError: infer\(\) of model '.*': unknown option 'options.deadline' \(did/,
      ],
      [
        "sendFunction",
        from === "inline"
          ? /^UNKNOWN InferenceError: input 'x' a function is not a value/
          : /^UNKNOWN InferenceError: inputs for model '.*' cannot leave the thread: .* could not be/,
      ],
    ] as const) {
      check.match(await toldBy(server, caller, { does, to }), told);
    }
  });

  test(`from ${from}: a batch that has ended can call nobody`, async (t) => {
    const server = await start(t, caller, inline);
    await ask(server, caller, { does: "keep" });
    const told = await toldBy(server, caller, { does: "askLate", to: inline.name });
    check.equal(told, "UNKNOWN Error: infer has settled: it can call no other model any more");
  });

  test(`${from}: setup can call nobody`, async () => {
    const server = createServer([callsInSetup[from], inline], quietLoopback);
    const why = `setup of model 'sets-up-${from}' failed: setup cannot call other models`;
    await check.rejects(server.ready, new RegExp(why));
    await server.close();
  });
}

test("circles are refused by the call that would close them, every time", async (t) => {
  const server = await start(t, ...circles);
  for (const [name, told] of [
    ["narcissus", "model 'narcissus' cannot call itself: narcissus/1 -> narcissus/1"],
    ["hen", "model 'egg' cannot call model 'hen', which calls it: egg/1 -> hen/1 -> egg/1"],
    ["egg", "model 'egg' cannot call model 'hen', which calls it: egg/1 -> hen/1 -> egg/1"],
    [
      "one",
      "model 'three' cannot call model 'one', which calls it: three/1 -> one/1 -> two/1 -> three/1",
    ],
  ] as const) {
    for (let left = 2; left > 0; left -= 1) {
      await check.rejects(server.infer({ model: name, inputs: { x: [[1]] } }), {
        code: "INTERNAL",
        message: told,
      });
    }
  }
});

test("a circle may be closed another way once one of its models is new", async (t) => {
  const server = await start(t, ...circles);
  const hen = { model: "hen", inputs: { x: [[1]] } };
  const egg = { model: "egg", inputs: { x: [[1]] } };
  await check.rejects(server.infer(hen), /model 'egg' cannot call/);
  await server.unbind("hen");
  const [again] = circles.filter(({ name }) => name === "hen");
  check.ok(again);
  await server.bind(again);
  await check.rejects(server.infer(egg), /model 'hen' cannot call model 'egg'/);
});

test("each execution counts where it happens", async (t) => {
  const server = createServer([callers.thread, called.doubling.inline], {
    ...quietLoopback,
    allowHttp: true,
    httpPort: 0,
  });
  t.after(() => server.close());
  await server.ready;
  await server.listen();
  await ask(server, callers.thread, { does: "askTwice", to: "doubling-inline" });
  const answer = await fetch(`${server.urls.http}/v2/models/doubling-inline/stats`);
  const { model_stats: stats } = (await answer.json()) as {
    readonly model_stats: readonly { readonly inference_count: number }[];
  };
  check.equal(stats[0]?.inference_count, 2);
});
