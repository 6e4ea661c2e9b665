/**
 * A model that cannot go on: what it takes out of service, itself or the server. A program's exit
 * code: ../cli/stopping.test.ts.
 */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { fp32, InferenceError, model, UnrecoverableError } from "shoal";
import { HeldCalls, heldModel } from "../held-model.ts";
import { fragileModels } from "../instances/fragile-models.ts";
import { LoggedServer } from "../instances/logged-server.ts";

const { fragile } = fragileModels;

const inline = model("fragile", {
  inputs: { x: fp32(1) },
  outputs: { y: fp32(1) },
  infer: (): { readonly y: Float32Array } => {
    throw new UnrecoverableError("the device is gone");
  },
});

const gone = "model 'fragile' cannot go on and is out of service: internal error";
const told = "model 'fragile' version 1 cannot go on, and takes the server with it";

for (const [kind, model] of [
  ["in a thread", fragile],
  ["inline", inline],
] as const) {
  test(`${kind}, it takes the server with it, which finishes what runs`, async (t) => {
    const calls = new HeldCalls();
    const held = heldModel("held", calls);
    const served = await LoggedServer.start(t, [model, held], { onUnrecoverable: "server" });
    const { server } = served;
    const running = server.infer({ model: held, inputs: { X: [[1]] } });
    const call = await calls.next();
    const { status, error } = await served.call("fragile", "giveUp");
    check.deepEqual([status, error], [500, gone]);
    check.equal(server.state, "draining");
    call.release();
    check.equal((await running).outputs.X.rows, 1);
    const failure = await server.closed;
    check.ok(failure instanceof InferenceError);
    check.deepEqual([failure.code, failure.message, server.state], ["INTERNAL", gone, "stopped"]);
    check.ok(served.messages("E").some((message) => message.startsWith(told)));
  });
}

test("by default it is the model alone, and to close is no failure", async (t) => {
  const served = await LoggedServer.start(t, fragile);
  await served.call("fragile", "giveUp");
  check.equal(served.server.state, "running");
  check.equal((await served.call("fragile", "answer")).status, 503);
  await served.server.close();
  check.equal(await served.server.closed, undefined);
});
