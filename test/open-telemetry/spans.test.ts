/** Spans of a model's own, by the API of OpenTelemetry itself, inline and in threads. */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { LoggedServer } from "../instances/logged-server.ts";
import { inline, thread } from "./traced-model.ts";

for (const model of [inline, thread]) {
  test(`${model.name}: a tracer is told of each span`, async (t) => {
    const served = await LoggedServer.start(t, model);
    check.equal((await served.call(model.name, "", 3)).data?.[0], 3);
    const of = ` (model ${model.name}, version 1`;
    const lines = served.messages("I").filter((message) => message.includes(of));
    check.deepEqual(
      lines.map((line) => line.split(of)[0]),
      [
        'start shoal outer {"rows":1}',
        "start shoal inner {}",
        "end shoal inner",
        "end shoal outer",
        "start shoal broken {}",
        "exception in shoal broken: Error: broken",
        "status of shoal broken: 2",
        "end shoal broken",
      ],
    );
  });
}
