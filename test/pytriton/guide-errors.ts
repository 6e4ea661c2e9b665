/** Rows of the guide: what fails, and for whom. */
import { strict as check } from "node:assert";
import { fp32, InferenceError, model, UnrecoverableError } from "shoal";
import { LoggedServer } from "../instances/logged-server.ts";
import { until } from "../until.ts";
import { type Rows, serving, tensors, yOf } from "./guide-fixture.ts";

/** What each of these values is answered: its output, or its error. */
async function answersTo(
  server: Parameters<typeof yOf>[0],
  values: readonly number[],
): Promise<readonly unknown[]> {
  const calls = values.map((value) => yOf(server, { model: "m", inputs: { x: [[value]] } }));
  const settled = await Promise.allSettled(calls);
  return settled.map((each) => {
    if (each.status === "fulfilled") return each.value;
    return `${each.reason.code} ${each.reason.message}`;
  });
}

export const errorRows: Rows = {
  "an exception fails the whole batch, and its stack goes to the caller": async (t) => {
    const roots = model("m", {
      ...tensors,
      infer: ({ x }) => {
        const [wrong] = x.data.filter((value) => value <= 0);
        if (wrong === 0) throw new InferenceError("INVALID_ARGUMENT", "x must not be 0");
        if (wrong !== undefined) throw new Error(`no root of ${wrong}`);
        return { y: x.map(Math.sqrt) };
      },
    });
    const served = await LoggedServer.start(t, roots);
    const failed = "INTERNAL model 'm' failed: internal error";
    check.deepEqual(await answersTo(served.server, [4, -1, 9, 0]), [
      [[2]],
      failed,
      [[3]],
      "INVALID_ARGUMENT x must not be 0",
    ]);
    const { status, text } = await served.call("m", "", -1);
    check.deepEqual([status, JSON.parse(text)], [500, { error: failed.replace("INTERNAL ", "") }]);
    await until(() => served.log.includes("no root of -1"));
    check.match(served.log, /guide-errors/);
  },

  "no status of one's own": async (t) => {
    const picky = model("m", {
      ...tensors,
      infer: ({ x }, context) => {
        if (x.data.includes(0)) throw new InferenceError("NOT_FOUND", "there is no 0");
        for (const [index, { firstRow }] of context.requests.entries()) {
          const error = new InferenceError("UNAVAILABLE", "not now");
          if (x.data[firstRow] === 1) context.fail(index, error);
        }
        return { y: x };
      },
    });
    const server = await serving(t, picky);
    const notFound = "NOT_FOUND there is no 0";
    check.deepEqual(await answersTo(server, [0, 1, 2]), [notFound, "UNAVAILABLE not now", [[2]]]);
    await server.listen();
    const url = `${server.urls.http}/v2/models/m/generate`;
    const statuses = ["0", "1", "2"].map(async (x) => {
      return (await fetch(url, { method: "POST", body: `{"x":${x}}` })).status;
    });
    check.deepEqual(await Promise.all(statuses), [404, 503, 200]);
  },

  "`PyTritonUnrecoverableError`": async (t) => {
    for (const onUnrecoverable of ["model", "server"] as const) {
      const gone = model("m", {
        ...tensors,
        infer: ({ x }) => {
          if (x.data[0] === 0) throw new UnrecoverableError("the device is gone");
          return { y: x };
        },
      });
      const served = await LoggedServer.start(t, gone, { onUnrecoverable });
      const { server } = served;
      check.equal((await served.call("m", "", 1)).status, 200);
      check.equal((await served.call("m", "", 0)).status, 500);
      if (onUnrecoverable === "model") {
        check.equal((await served.call("m", "", 1)).status, 503);
        check.deepEqual([await served.readiness("m"), server.state], [400, "running"]);
      } else {
        check.match((await server.closed)?.message ?? "", /cannot go on/);
        check.equal(server.state, "stopped");
      }
    }
  },

  "`PyTritonValidationError` and the like at `bind`": () => {
    const wrong = () =>
      model("m", {
        inputs: { x: fp32(1) },
        outputs: { y: fp32(1) },
        version: 0,
        instances: -1,
        batching: { maxQueueDelayMs: -5 },
        infer: ({ x }) => ({ y: x }),
      });
    check.throws(wrong, (error) => {
      check.ok(error instanceof TypeError);
      const lines = error.message.split("\n");
      check.deepEqual(
        lines.map((line) => /^model 'm': '([\w.]+)' must /.exec(line)?.[1]),
        ["version", "batching.maxQueueDelayMs", "instances"],
      );
      return true;
    });
  },
};
