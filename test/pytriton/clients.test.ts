/**
 * PyTriton's clients and ours, side by side: the table in docs/client.md, row by row, over HTTP and
 * gRPC. A row without a test fails, and so does a test without a row.
 */
import { strict as check } from "node:assert";
import { once } from "node:events";
import { model as define, type Models } from "shoal";
import { ClientError, createClient } from "shoal/client/grpc";
import { parseServerUrl } from "../../dist/client/server-url.js";
import { startForeign, status } from "../client/foreign-grpc.ts";
import { freePort } from "../client/grpc-models.ts";
import { readPage, sectionOf, tableRows } from "../documents/page.ts";
import { HeldCalls, heldModel } from "../held-model.ts";
import { callRows } from "./client-calls.ts";
import { connected, errorOf, served, writerOfGrpc, writerOfHttp } from "./client-fixture.ts";
import { type Rows, tensors, times } from "./guide-fixture.ts";
import { carryOut } from "./guide-rows.ts";

const m = (factor = 2): Models => times(factor, { name: "m" });

/** Each call is a batch of its own. */
const alone = { maxBatchSize: 1, instances: { concurrency: 200 } } as const;
const X = [[1]];

/** Answers when its caller has gone. */
const waits = define("waits", {
  ...tensors,
  ...alone,
  infer: async ({ x }, { signal }) => {
    if (!signal.aborted) await once(signal, "abort");
    return { y: x.clone() };
  },
});

const connectionRows: Rows = {
  '`ModelClient(url, "m")`, `AsyncioModelClient`, `FuturesModelClient`': async (t) => {
    const { urls } = await served(t, m());
    for (const url of urls) {
      const client = createClient(url);
      t.after(() => client.close());
      const answers = [1, 2, 3].map(async (value) => {
        return (await client.model("m").inferSample({ x: [value] }))["y"]?.data[0];
      });
      check.deepEqual(await Promise.all(answers), [2, 4, 6]);
    }
  },

  '`ModelClient(url, "m", "1")`': async (t) => {
    const versions = [1, 2].map((version) => times(version, { name: "m", version }));
    const { clients } = await served(t, versions);
    for (const client of clients()) {
      const models = [client.model("m", 1), client.model("m", 2), client.model("m")];
      const answers = models.map(
        async (each) => (await each.inferSample({ x: [5] }))["y"]?.data[0],
      );
      check.deepEqual(await Promise.all(answers), [5, 10, 10]);
    }
  },

  '`"host"`, `"http://host"`, `"grpc://host"`': () => {
    const ports = {
      host: 8000,
      "http://host": 8000,
      "grpc://host": 8001,
      "https://host/base": 443,
      "grpcs://host": 8001,
      "http://[::1]": 8000,
      "host:9000": 9000,
    };
    for (const [url, port] of Object.entries(ports)) {
      createClient(url).close();
      check.equal(parseServerUrl(url).port, port);
    }
    for (const url of ["ftp://host", "http://", "grpc://host/base"]) {
      check.throws(() => createClient(url), { name: "ClientError", kind: "invalid" });
    }
  },

  "`with ModelClient(...) as client:`, `client.close()`": async (t) => {
    const { urls } = await served(t, m());
    for (const url of urls) {
      const left = await (async () => {
        using client = createClient(url);
        check.equal(await client.model("m").isReady(), true);
        return client;
      })();
      check.equal((await errorOf(left.isLive())).kind, "cancelled");
      left.close();
    }
  },

  "`FuturesModelClient.close(wait=True)`": async (t) => {
    const held = new HeldCalls();
    const { clients } = await served(t, heldModel("held", held));
    for (const client of clients()) {
      const calls = [client.model("held").infer({ X })];
      (await held.next()).release();
      await Promise.allSettled(calls);
      const running = errorOf(client.model("held").infer({ X }));
      const call = await held.next();
      client.close();
      check.equal((await running).kind, "cancelled");
      call.release();
      check.deepEqual((await calls[0])?.["X"]?.toNested(), X);
    }
  },

  "`ModelClient.from_existing_client(client)`": async (t) => {
    for (const writer of [await writerOfHttp(t), await writerOfGrpc(t)]) {
      const isHttp = writer.url.startsWith("http");
      const client = connected(t, writer.url, { format: "json", token: "secret" });
      const inputs = isHttp ? { x: [[1]] } : {};
      for (const each of [client.model("m"), client.model("m")]) await each.infer(inputs);
      check.equal(writer.countOf(isHttp ? "m" : "ModelMetadata"), 1);
      const tokens = writer.asked.map(({ headers }) => headers.authorization);
      check.deepEqual(tokens, Array(4).fill("Bearer secret"));
    }
  },

  "`lazy_init=False`, `wait_for_model(300)`, `init_timeout_s=300`": async (t) => {
    const { server, clients } = await served(t, m());
    for (const [index, client] of clients().entries()) {
      const model = client.model(`late${index}`);
      check.equal((await errorOf(model.infer({ x: [[1]] }))).code, "NOT_FOUND");
      check.equal((await errorOf(model.waitReady({ totalTimeoutMs: 1 }))).kind, "timeout");
      const waiting = model.waitReady({ totalTimeoutMs: 300_000 });
      await server.bind(times(3, { name: model.name }));
      await waiting;
      check.equal((await model.inferSample({ x: [5] }))["y"]?.data[0], 15);
    }
  },

  "`wait_for_server(60)`": async (t) => {
    const writer = await writerOfHttp(t, (_, count) => (count > 1 ? 200 : 400));
    await connected(t, writer.url).waitReady({ totalTimeoutMs: 60_000 });
    check.deepEqual(
      writer.asked.map(({ what }) => what),
      ["health/ready", "health/ready"],
    );
    const { clients } = await served(t, m());
    for (const client of clients()) await client.waitReady({ totalTimeoutMs: 60_000 });
  },

  "`model_config=...`, `ensure_model_is_ready=False`": async (t) => {
    const writer = await writerOfHttp(t);
    const client = connected(t, writer.url, { format: "json" });
    const model = client.model("m");
    check.equal(writer.asked.length, 0);
    for (const x of [[[1]], [[2]]]) await model.infer({ x });
    const asked = writer.asked.map(({ what }) => what);
    check.deepEqual(asked.sort(), ["m", "m/config", "m/infer", "m/infer"]);
  },

  "`client.model_config`, `is_batching_supported`": async (t) => {
    const whole = define("whole", { ...tensors, batching: false, infer: ({ x }) => ({ y: x }) });
    const { clients } = await served(t, [times(2, { name: "m", maxBatchSize: 8 }), whole]);
    for (const client of clients()) {
      for (const [name, size] of Object.entries({ m: 8, whole: 0 })) {
        const model = client.model(name);
        const { max_batch_size: most } = await model.config();
        check.equal(most, size);
      }
    }
  },

  "`inference_timeout_s=60`": async (t) => {
    const { clients } = await served(t, [waits, times(2, { name: "m" })]);
    for (const client of clients({ requestTimeoutMs: 60_000 })) {
      check.equal((await client.model("m").inferSample({ x: [5] }))["y"]?.data[0], 10);
      const late = client.model("waits").infer({ x: [[1]] }, { requestTimeoutMs: 1 });
      const { kind, message } = await errorOf(late);
      check.deepEqual(
        [kind, message],
        ["timeout", "no answer within 1 ms (option 'requestTimeoutMs')"],
      );
    }
  },

  '`access_token="secret"`': async (t) => {
    const names = ["triton-access-token", "triton-grpc-protocol-triton-access-token"];
    for (const writer of [await writerOfHttp(t), await writerOfGrpc(t)]) {
      await connected(t, writer.url, { token: "secret" }).isReady();
      for (const name of names) {
        await connected(t, writer.url, { headers: { [name]: "secret" } }).isReady();
      }
      const sent = ["authorization", ...names].map((name, index) => {
        return writer.asked[index]?.headers[name];
      });
      check.deepEqual(sent, ["Bearer secret", "secret", "secret"]);
    }
    // What Triton says over gRPC where it is missing.
    let count = 0;
    const details = `This protocol is restricted, expecting header '${names[1]}'`;
    const infer = () => {
      count += 1;
      return { code: status.UNAVAILABLE, details };
    };
    await using restricted = await startForeign({ infer });
    using client = restricted.connect();
    const { kind, code, message } = await errorOf(client.model("m").infer({ X: [1] }));
    check.deepEqual([kind, code, message, count], ["server", "PERMISSION_DENIED", details, 1]);
  },

  "`load_model(config, files)`, `unload_model()`": async (t) => {
    const writer = await writerOfHttp(t);
    const client = connected(t, writer.url);
    const config = { max_batch_size: 8 };
    const files = { "1/model.py": Buffer.from("fish") };
    await client.load("m", { config, files });
    await client.unload("m");
    const [loaded, unloaded] = writer.asked;
    check.deepEqual(JSON.parse(loaded?.body ?? ""), {
      parameters: { config: JSON.stringify(config), "file:1/model.py": "ZmlzaA==" },
    });
    check.deepEqual(
      [loaded?.what, unloaded?.what],
      ["repository/models/m/load", "repository/models/m/unload"],
    );
  },
};

const queueRows: Rows = {
  "`max_workers=128`": async (t) => {
    const held = new HeldCalls();
    const { urls, clients } = await served(t, heldModel("held", held, alone));
    for (const client of clients({ maxInFlight: 128 })) {
      const before = held.seen.length;
      const calls = Array.from({ length: 130 }, () => client.model("held").infer({ X }));
      const running = await Promise.all(Array.from({ length: 128 }, () => held.next()));
      check.equal(held.seen.length - before, 128);
      for (const call of running) call.release();
      for (const call of [await held.next(), await held.next()]) call.release();
      check.equal((await Promise.all(calls)).length, 130);
    }
    for (const maxInFlight of [0, -1, Number.NaN]) {
      check.throws(() => createClient(urls[0] ?? "", { maxInFlight }), {
        kind: "invalid",
        message: /'maxInFlight' must be/,
      });
    }
  },

  "`max_queue_size=128`, `non_blocking=True`": async (t) => {
    const held = new HeldCalls();
    const { clients } = await served(t, heldModel("held", held, alone));
    for (const client of clients({ maxInFlight: 1, maxWaiting: 128 })) {
      const model = client.model("held");
      const calls = [model.infer({ X })];
      (await held.next()).release();
      await calls[0];
      for (let count = 0; count < 129; count += 1) calls.push(model.infer({ X }));
      const { kind, message } = await errorOf(model.infer({ X }));
      const why = "1 requests are in flight and 128 wait (option 'maxWaiting')";
      check.deepEqual([kind, message], ["refused", why]);
      for (let count = 0; count < 129; count += 1) (await held.next()).release();
      check.equal((await Promise.all(calls)).length, 130);
    }
  },

  "`non_blocking=False`": async (t) => {
    const held = new HeldCalls();
    const { clients } = await served(t, heldModel("held", held, alone));
    for (const client of clients({ maxInFlight: 1, maxWaiting: Number.POSITIVE_INFINITY })) {
      const model = client.model("held");
      const running = model.infer({ X });
      const call = await held.next();
      const { kind, message } = await errorOf(model.infer({ X }, { totalTimeoutMs: 1 }));
      check.equal(kind, "timeout");
      check.match(message, /totalTimeoutMs/);
      const waiting = model.infer({ X });
      call.release();
      (await held.next()).release();
      check.deepEqual((await Promise.all([running, waiting])).length, 2);
    }
  },
};

const errorRows: Rows = {
  "`PyTritonClientValueError`, `PyTritonClientInvalidUrlError`, `PyTritonClientModelDoesntSupportBatchingError`":
    async (t) => {
      const whole = define("m", { ...tensors, batching: false, infer: ({ x }) => ({ y: x }) });
      const { clients } = await served(t, whole);
      for (const client of clients()) {
        const model = client.model("m");
        for (const call of [model.infer({}), model.infer({ z: 1 }), model.inferBatch({ x: [1] })]) {
          const error = await errorOf(call);
          check.ok(error instanceof ClientError);
          check.deepEqual([error.kind, error.code], ["invalid", "INVALID_ARGUMENT"]);
        }
      }
      check.throws(() => createClient("ftp://host"), { kind: "invalid" });
    },

  "`PyTritonClientTimeoutError`": async (t) => {
    const { clients } = await served(t, waits);
    for (const client of clients()) {
      const late = client.model("waits").infer({ x: [[1]] }, { requestTimeoutMs: 1 });
      check.equal((await errorOf(late)).kind, "timeout");
    }
    for (const protocol of ["http", "grpc"]) {
      const url = `${protocol}://127.0.0.1:${await freePort()}`;
      const nowhere = connected(t, url, { maxRetries: 0 }).model("m").infer({ X });
      check.equal((await errorOf(nowhere)).kind, "connection");
    }
  },

  "`PyTritonClientModelUnavailableError`": async (t) => {
    const { clients } = await served(t, m());
    for (const client of clients()) {
      for (const missing of [client.model("nobody"), client.model("m", 9)]) {
        const { kind, code } = await errorOf(missing.infer({ x: [[1]] }));
        check.deepEqual([kind, code], ["server", "NOT_FOUND"]);
      }
    }
  },

  "`PyTritonClientQueueFullError`": async (t) => {
    const held = new HeldCalls();
    const { clients } = await served(t, heldModel("held", held));
    for (const client of clients({ maxInFlight: 1, maxWaiting: 1 })) {
      const calls: Promise<unknown>[] = [client.model("held").infer({ X })];
      const call = await held.next();
      calls.push(client.isLive());
      check.equal((await errorOf(client.isLive())).kind, "refused");
      call.release();
      await Promise.all(calls);
    }
  },

  "`PyTritonClientClosedError`": async (t) => {
    const { clients } = await served(t, m());
    for (const client of clients()) {
      client.close();
      const { kind, message } = await errorOf(client.model("m").infer({ x: [[1]] }));
      check.deepEqual([kind, message], ["cancelled", "the client was closed"]);
    }
  },

  "`PyTritonClientInferenceServerError`": async (t) => {
    const held = new HeldCalls();
    const { clients } = await served(t, heldModel("held", held));
    for (const client of clients()) {
      const failing = errorOf(client.model("held").infer({ X }));
      (await held.next()).fail(new Error("a secret"));
      const error = await failing;
      check.deepEqual([error.kind, error.code], ["server", "INTERNAL"]);
      check.equal(error.message, "model 'held' failed: internal error");
    }
  },
};

const page = readPage("docs/client.md");
carryOut(tableRows(sectionOf(page, "From PyTriton's clients")), {
  ...connectionRows,
  ...callRows,
  ...queueRows,
  ...errorRows,
});
