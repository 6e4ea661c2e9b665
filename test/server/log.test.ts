/**
 * The log of a server: what failed, under the id that its caller gave, with the stack that its
 * caller never sees. Forms of a line: src/server/logger.test.ts.
 */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { fp32, InferenceError, model } from "shoal";
import { ask, type RawAnswer } from "../conformance/raw-client.ts";
import { LoggedServer } from "../instances/logged-server.ts";
import { threaded } from "./failing-model.ts";

const tensors = { inputs: { x: fp32(1) }, outputs: { x: fp32(1) } } as const;

const models = [
  model("failing", {
    ...tensors,
    infer: ({ x }) => {
      if (x.data[0] === 0) throw new InferenceError("INVALID_ARGUMENT", "x must not be 0");
      throw new Error("secret path /etc/model", { cause: new Error("the root of it") });
    },
  }),
  threaded,
];

interface Entry {
  readonly level: string;
  readonly msg: string;
  readonly model?: string;
  readonly requestId?: string;
  readonly error?: { readonly message: string; readonly stack: string };
}

function entriesOf(log: string): readonly Entry[] {
  const lines = log.split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as Entry);
}

function body(id: string | undefined, x = 1): string {
  const inputs = [{ name: "x", shape: [1, 1], datatype: "FP32", data: [x] }];
  return JSON.stringify({ ...(id !== undefined && { id }), inputs });
}

function showsNothing({ text, headers }: RawAnswer): void {
  check.doesNotMatch(text, /secret|root of it|\bat \S+:\d+|\.js|node:/);
  for (const [name, value] of headers) check.doesNotMatch(`${name} ${value}`, /secret|\.js/);
}

/** How a request may be named, under which name the log has it, and what comes back. */
const names: readonly [what: string, id: string | undefined, header: string | undefined][] = [
  ["the id in its body", "body-7", undefined],
  ["the header", undefined, "header-7"],
  ["both: the log has the id, the header comes back", "body-7", "header-7"],
  ["an id with a line end and quotes", 'a\n{"level":"error"}\n"b', undefined],
  ["nothing: the server makes one", undefined, undefined],
];

for (const model of ["failing", "threaded"]) {
  for (const [what, id, header] of names) {
    test(`${model}: a request that failed is found by ${what}`, async (t) => {
      const served = await LoggedServer.start(t, models, { jsonLogs: true });
      const headers = header === undefined ? {} : { "X-Request-Id": header };
      const path = `/v2/models/${model}/infer`;
      const answer = await ask(served.port, "POST", path, { body: body(id), headers });
      check.equal(answer.status, 500);
      check.deepEqual(JSON.parse(answer.text), {
        error: `model '${model}' failed: internal error`,
      });
      showsNothing(answer);

      const errors = entriesOf(served.log).filter(({ level }) => level === "error");
      check.equal(errors.length, 1);
      const [{ msg, requestId, error, ...rest } = { msg: "", level: "" }] = errors;
      check.deepEqual([msg, rest.model], [`model '${model}' failed: internal error`, model]);
      check.match(error?.stack ?? "", /secret path \/etc\/model\n\s+at .*\.js/);
      check.match(error?.stack ?? "", /the root of it/);
      const returned = answer.headers.get("x-request-id");
      check.equal(requestId, id ?? returned);
      check.equal(returned, header ?? requestId?.replaceAll("\n", "%0A"));
    });
  }
}

test("as text: the line names the request, its stack follows", async (t) => {
  const served = await LoggedServer.start(t, models);
  const path = "/v2/models/failing/infer";
  await ask(served.port, "POST", path, { body: body("body-7") });
  const [, after = ""] = served.log.split(/^E.*\] /m);
  const [line = "", ...stack] = after.split("\n");
  check.equal(JSON.parse(line), "model 'failing' failed: internal error (request body-7)");
  check.match(stack.join("\n"), /^ {4}Error: secret path \/etc\/model\n {4}at .*\.js/);
  check.match(stack.join("\n"), /^ {4}caused by: Error: the root of it$/m);
});

test("what the caller did wrong, or the model meant for him, is no error of the server", async (t) => {
  const served = await LoggedServer.start(t, models);
  const path = "/v2/models/failing/infer";
  for (const wrong of ["{", body("a", 0), body("b").replace('"x"', '"z"')]) {
    const { status } = await ask(served.port, "POST", path, { body: wrong });
    check.ok(status === 400 || (wrong === "{" && status === 500), String(status));
  }
  check.deepEqual([...served.messages("E"), ...served.messages("W")], []);
});

test("two requests in one batch: each is told under its own id", async (t) => {
  const both = model("failing", {
    ...tensors,
    batching: { preferredBatchSizes: [2], maxQueueDelayMs: 60_000 },
    infer: () => {
      throw new Error("secret");
    },
  });
  const served = await LoggedServer.start(t, both, { jsonLogs: true });
  const path = "/v2/models/failing/infer";
  await Promise.all(["one", "two"].map((id) => ask(served.port, "POST", path, { body: body(id) })));
  const errors = entriesOf(served.log).filter(({ level }) => level === "error");
  check.deepEqual(errors.map(({ requestId }) => requestId).sort(), ["one", "two"]);
});

test("--log-verbose: a line for each inference, with its id and where its time went", async (t) => {
  const served = await LoggedServer.start(t, models, { jsonLogs: true, logVerbose: 1 });
  const path = "/v2/models/threaded/infer";
  for (const [id, x] of [
    ["good", 0],
    ["bad", 1],
  ] as const) {
    await ask(served.port, "POST", path, { body: body(id, x) });
  }
  const verbose = entriesOf(served.log).filter(({ requestId, level }) => {
    return requestId !== undefined && level === "verbose";
  });
  check.deepEqual(
    verbose.map(({ requestId, msg }) => [requestId, msg.replace(/\d+\.\d+/g, "N")]),
    [
      ["good", "200 in N ms: queue;dur=N, batch;dur=N, compute;dur=N, encode;dur=N"],
      ["bad", "500 in N ms: model 'threaded' failed: internal error"],
    ],
  );
});
