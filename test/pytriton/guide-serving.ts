/** Rows of the guide: binding, serving, stopping. */
import { strict as check } from "node:assert";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, model as define } from "shoal";
import { modelFolder } from "../cli/model-folder.ts";
import { post, quietLoopback } from "../conformance/server.ts";
import { HeldCalls, heldModel } from "../held-model.ts";
import { LoggedServer } from "../instances/logged-server.ts";
import { Program, shoalCommand } from "../program.ts";
import { bodyOf, type Rows, serving, tensors, times, yOf } from "./guide-fixture.ts";

export const servingRows: Rows = {
  "`Triton(config)`, `triton.bind(...)`": async (t) => {
    const [models, options] = [times(2, { name: "two" }), quietLoopback];
    const server = createServer(models, options);
    t.after(() => server.close());
    await server.listen();
    const model = times(3, { name: "three" });
    await server.bind(model);
    check.deepEqual(await yOf(server, { model: "two", inputs: { x: [[5]] } }), [[10]]);
    const { name } = model;
    check.deepEqual(await yOf(server, { model: name, inputs: { x: [[5]] } }), [[15]]);
    await server.unbind(name);
    const late = server.infer({ model: name, inputs: { x: [[5]] } });
    await check.rejects(late, { code: "NOT_FOUND" });
  },

  "`Triton(workspace=...)`, `TritonLifecyclePolicy(...)`": async (t) => {
    const server = await serving(t, times(2));
    check.deepEqual([server.state, server.urls.http], ["running", undefined]);
    check.deepEqual(await yOf(server, { model: "times", inputs: { x: [[5]] } }), [[10]]);
    await server.listen();
    check.equal((await fetch(`${server.urls.http}/v2/health/ready`)).status, 200);

    const folder = modelFolder({ "m.mjs": "export const m = negative('m');" });
    const workspace = mkdtempSync(join(tmpdir(), "shoal-workspace-"));
    t.after(() => rmSync(workspace, { recursive: true, force: true }));
    const env = { HOME: workspace, TMPDIR: workspace, TEMP: workspace, TMP: workspace };
    const program = new Program([shoalCommand, "serve", join(folder, "m.mjs")], {
      cwd: workspace,
      env,
    });
    const url = `http://${await program.listening(8000)}`;
    const status = (await post(`${url}/v2/models/m/infer`, bodyOf([1]))).status;
    check.deepEqual([status, readdirSync(workspace)], [200, []]);
    check.equal(await program.stop(), 0);
    check.deepEqual(readdirSync(workspace), []);
  },

  "`triton.run()`, `triton.connect()`": async (t) => {
    const server = createServer(times(2), quietLoopback);
    t.after(() => server.close());
    await server.listen();
    await server.ready;
    const { text } = await post(`${server.urls.http}/v2/models/times/infer`, bodyOf([5]));
    check.deepEqual(JSON.parse(text).outputs[0].data, [10]);
    const setup = () => Promise.reject(new Error("no weights"));
    const broken = define("broken", { ...tensors, setup, infer: ({ x }) => ({ y: x }) });
    await using other = createServer(broken, quietLoopback);
    await check.rejects(other.ready, { message: "setup of model 'broken' failed: no weights" });
  },

  "`triton.serve()`": async () => {
    // The model itself sends the signal: so its own request is what runs when it comes.
    const folder = modelFolder({
      "serves.mjs": `import { once } from "node:events";
        const infer = async ({ x }) => {
          const heard = once(process, process.env.TEST_SIGNAL);
          process.kill(process.pid, process.env.TEST_SIGNAL);
          await heard;
          return { y: x };
        };
        const [models, options] = [negative("m", { infer }), { logInfo: false }];
        await serve(models, options);`,
    });
    for (const signal of ["SIGINT", "SIGTERM"]) {
      const env = { TEST_SIGNAL: signal };
      const program = new Program([join(folder, "serves.mjs")], { env });
      const url = `http://${await program.listening(8000)}`;
      check.equal((await fetch(`${url}/v2/health/ready`)).status, 200);
      const { status, text } = await post(`${url}/v2/models/m/infer`, bodyOf([5]));
      check.deepEqual([status, JSON.parse(text).outputs[0].data], [200, [5]]);
      check.deepEqual(await program.ended(), { code: 0, signal: null });
    }
  },

  "`triton.stop()`, leaving `with`": async () => {
    const calls = new HeldCalls();
    const kept = await (async () => {
      await using server = createServer(heldModel("held", calls), quietLoopback);
      await server.ready;
      const answer = server.infer({ model: "held", inputs: { X: [[5]] } });
      const call = await calls.next();
      const closed = server.close();
      check.equal(server.state, "draining");
      await check.rejects(server.infer({ model: "held", inputs: { X: [[6]] } }), {
        code: "UNAVAILABLE",
      });
      call.release();
      check.deepEqual((await answer).outputs["X"]?.toNested(), [[5]]);
      await closed;
      return server;
    })();
    check.equal(kept.state, "stopped");
    const left = await (async () => {
      await using server = createServer(times(2), quietLoopback);
      return server;
    })();
    check.equal(left.state, "stopped");
  },

  "`is_alive()`, `is_connected()`": async (t) => {
    const server = await serving(t, times(2));
    await server.listen();
    const { http } = server.urls;
    const probe = async (path: string) => (await fetch(`${http}${path}`)).status;
    const probes = () => Promise.all(["/v2/health/live", "/v2/health/ready"].map(probe));
    check.deepEqual([server.state, await probes()], ["running", [200, 200]]);
    // A model that is not ready is told by the second one.
    const setup = () => Promise.reject(new Error("no weights"));
    const broken = define("broken", { ...tensors, setup, infer: ({ x }) => ({ y: x }) });
    await check.rejects(server.bind(broken));
    check.deepEqual(await probes(), [200, 400]);
    await server.close();
    check.equal(server.state, "stopped");
  },

  "a notebook: `run()`, then `bind` again after `stop()`": async (t) => {
    const models = times(2);
    for (const value of [1, 2, 3]) {
      const server = createServer(models, quietLoopback);
      t.after(() => server.close());
      await server.ready;
      const request = { model: models, inputs: { x: [[value]] } };
      check.deepEqual((await server.infer(request)).outputs.y.toNested(), [[2 * value]]);
      check.equal(server.urls.http, undefined);
      await server.close();
    }
  },

  "the log of the start": async (t) => {
    const models = [times(2, { name: "two" }), times(3, { name: "three" })];
    const { server, log } = await LoggedServer.start(t, models, { allowGrpc: true });
    for (const { name } of models) check.match(log, new RegExp(`loaded model '${name}'`));
    for (const url of Object.values(server.urls)) {
      check.ok(log.includes(`at ${String(url).replace("http://", "")}`), `${url} in ${log}`);
    }
  },
};
