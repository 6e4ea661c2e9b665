/**
 * The client in a real browser: what Node's own `fetch` has not, or does otherwise. Origins, what a
 * page may see of an answer, streams, and leaving them.
 *
 * Each function that is handed to `evaluate` runs in the page.
 */
import { strict as check } from "node:assert";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { bytes, fp32, int32, int64, model } from "shoal";
import type * as client from "shoal/client";
import { startServer } from "../conformance/server.ts";
import { HeldCalls, heldModel } from "../held-model.ts";
import { openPage, startChromium } from "./chromium.ts";

/** In the page. */
declare const shoal: typeof client;

const addSub = model("add_sub", {
  inputs: { A: int32(-1), B: int32(-1), TEXT: bytes(1), WIDE: int64(1) },
  outputs: { SUM: int32(-1), TEXT: bytes(1), WIDE: int64(1) },
  maxBatchSize: 8,
  infer: ({ A, B, TEXT, WIDE }) => ({
    SUM: A.data.map((value, index) => value + (B.data[index] ?? 0)),
    TEXT,
    WIDE,
  }),
});

const echo = model("echo", {
  batching: false,
  inputs: { X: fp32(-1) },
  outputs: { X: fp32(-1) },
  infer: ({ X }) => ({ X }),
});

let browser: Browser;
before(async () => {
  browser = await startChromium();
});
after(async () => {
  await browser.close();
});

test("typed results, in binary and in JSON, whole and by sample", async () => {
  await using server = await startServer([addSub], { cors: "*" });
  await using opened = await openPage(browser);
  const told = await opened.page.evaluate(async (url) => {
    const inputs = { A: [[1, -2]], B: [[10, 20]], TEXT: [["Fische 🐟"]], WIDE: [[2n ** 60n + 1n]] };
    const sample = { A: [1, -2], B: Int32Array.of(10, 20), TEXT: ["a"], WIDE: [3n] };
    const told: unknown[] = [];
    for (const format of ["binary", "json"] as const) {
      const model = shoal.createClient(url, { format }).model("add_sub");
      const outputs = await model.infer(inputs, { id: "one" });
      const { SUM, TEXT, WIDE } = outputs;
      const { id, timing } = shoal.responseOf(outputs);
      const isTyped = SUM?.data instanceof Int32Array && SUM instanceof shoal.Tensor;
      told.push([isTyped, SUM?.toNested(), TEXT?.data, String(WIDE?.data), id]);
      // Of the header Server-Timing.
      told.push(typeof timing?.computeMs);
      const { SUM: sum } = await model.inferSample(sample);
      told.push([sum?.shape, Array.from(sum?.data as Int32Array)]);
    }
    return told;
  }, server.url);
  const one = [true, [[11, 18]], ["Fische 🐟"], String(2n ** 60n + 1n), "one"];
  const each = [one, "number", [[2], [11, 18]]];
  check.deepEqual(told, [...each, ...each]);
});

test("what is wrong is found before anything is sent", async () => {
  await using server = await startServer([addSub], { cors: "*" });
  await using opened = await openPage(browser);
  const sent: string[] = [];
  opened.page.on("request", (request) => {
    sent.push(`${request.method()} ${new URL(request.url()).pathname}`);
  });
  const message = await opened.page.evaluate(async (url) => {
    const model = shoal.createClient(url).model("add_sub");
    const inputs = { A: [[1]], B: [["two"]], TEXT: [["a"]], WIDE: [[1n]] };
    const error = await model.infer(inputs).catch((reason: unknown) => reason);
    return error instanceof shoal.ClientError && `${error.kind}: ${error.message}`;
  }, server.url);
  check.match(String(message), /^invalid: model 'add_sub': input 'B'/);
  check.deepEqual(sent.sort(), ["GET /v2/models/add_sub", "GET /v2/models/add_sub/config"]);
});

test("a stream comes response by response, and who leaves it ends it in the server", async () => {
  let leave = (): void => {};
  const left = new Promise<void>((resolve) => {
    leave = resolve;
  });
  const goOn: (() => void)[] = [];
  const counts = model("counts", {
    batching: false,
    inputs: { N: int32(1) },
    outputs: { K: int32(1) },
    async *infer({ N: _n }, { signal }) {
      for (let k = 0; !signal.aborted; k += 1) {
        yield { K: Int32Array.of(k) };
        // No further than the page has read.
        await new Promise<void>((resolve) => {
          goOn.push(resolve);
          signal.addEventListener("abort", () => resolve());
        });
      }
      leave();
    },
  });
  await using server = await startServer([counts], { cors: "*" });
  await using opened = await openPage(browser);
  await opened.page.exposeFunction("read", () => goOn.shift()?.());
  const seen = await opened.page.evaluate(async (url) => {
    const seen: unknown[] = [];
    for await (const { K } of shoal
      .createClient(url)
      .model("counts")
      .stream({ N: [1] })) {
      seen.push(K?.data[0]);
      if (seen.length === 3) break;
      await (globalThis as unknown as { read: () => Promise<void> }).read();
    }
    return seen;
  }, server.url);
  check.deepEqual(seen, [0, 1, 2]);
  await left;
});

test("an inference is cancelled by its signal, or by its time: in the server, too", async () => {
  const calls = new HeldCalls();
  const held = heldModel("held", calls, { batching: false });
  await using server = await startServer([held], { cors: "*" });
  await using opened = await openPage(browser);
  const left: Promise<void>[] = [];
  await opened.page.exposeFunction("isInside", async () => {
    const { signal, release } = await calls.next();
    left.push(
      new Promise((resolve) => {
        signal.addEventListener("abort", () => resolve(release()));
      }),
    );
  });
  const told = await opened.page.evaluate(async (url) => {
    const { isInside } = globalThis as unknown as { isInside: () => Promise<void> };
    const model = shoal.createClient(url, { maxRetries: 0 }).model("held");
    const told: unknown[] = [];
    const controller = new AbortController();
    const signal = controller.signal;
    for (const options of [{ signal }, { requestTimeoutMs: 300 }]) {
      const inferring = model.infer({ X: [1] }, options).catch((reason: unknown) => reason);
      await isInside();
      controller.abort("enough");
      const error = await inferring;
      if (!(error instanceof shoal.ClientError)) throw error;
      told.push([error.kind, error.code, error.message, error.cause ?? null]);
    }
    return told;
  }, server.url);
  check.deepEqual(told, [
    ["cancelled", "CANCELLED", "cancelled", "enough"],
    ["timeout", "DEADLINE_EXCEEDED", "no answer within 300 ms (option 'requestTimeoutMs')", null],
  ]);
  check.equal(left.length, 2);
  await Promise.all(left);
});

test("CORS: a page is let in by its origin, with a token, and else told why not", async () => {
  await using opened = await openPage(browser);
  const { origin, page } = opened;
  await using closed = await startServer([echo]);
  await using other = await startServer([echo], { cors: "https://page.example" });
  await using own = await startServer([echo], { cors: `https://page.example, ${origin}` });
  const told = await page.evaluate(
    (urls) =>
      Promise.all(
        urls.map(async (url) => {
          try {
            const options = { token: "secret", maxRetries: 0 };
            const { X } = await shoal
              .createClient(url, options)
              .model("echo")
              .infer({ X: [1] });
            return String(X?.data);
          } catch (error) {
            if (!(error instanceof shoal.ClientError)) throw error;
            return `${error.kind} ${error.isRetrySafe}: ${error.message}`;
          }
        }),
      ),
    [closed.url, other.url, own.url],
  );
  const refused = (url: string): string => `connection false: cannot reach ${url}: `;
  check.match(told[0] ?? "", new RegExp(`^${refused(closed.url)}.*CORS`));
  check.match(told[1] ?? "", new RegExp(`^${refused(other.url)}.*CORS`));
  check.equal(told[2], "1");
});

test("a large tensor, plain and compressed", async () => {
  await using server = await startServer([echo], { cors: "*" });
  await using opened = await openPage(browser);
  const told = await opened.page.evaluate(async (url) => {
    const values = Float32Array.from({ length: 150_000 }, (_, index) => Math.sin(index));
    const told: unknown[] = [];
    for (const request of [undefined, "gzip", "deflate"] as const) {
      const compression = { request, response: request };
      const client = shoal.createClient(url, { compression });
      const { X } = await client.model("echo").infer({ X: values });
      const data = X?.data as Float32Array;
      told.push(data.length === values.length && data.every((x, index) => x === values[index]));
    }
    return told;
  }, server.url);
  check.deepEqual(told, [true, true, true]);
});

test("errors of the server are told as they are, on whatever path", async () => {
  await using server = await startServer([echo], { cors: "*" });
  await using opened = await openPage(browser);
  const told = await opened.page.evaluate(async (url) => {
    const client = shoal.createClient(url, { maxRetries: 0 });
    const calls = [
      client.model("nobody").infer({ X: [1] }),
      client.load("echo"),
      client.logSettings({ log_info: true }),
      client.model("echo").infer({ X: [1] }, { outputs: ["Y"] }),
    ];
    const errors = await Promise.all(calls.map((call) => call.catch((error: unknown) => error)));
    return errors.map((error) => {
      if (!(error instanceof shoal.ClientError)) throw error;
      return [error.kind, error.code, error.status];
    });
  }, server.url);
  check.deepEqual(told, [
    ["server", "NOT_FOUND", 404],
    ["refused", "UNAVAILABLE", 503],
    ["server", "NOT_FOUND", 404],
    ["server", "INVALID_ARGUMENT", 400],
  ]);
});

/** Whatever is asked of it: said for each path by the test. */
async function strangeServer(
  answer: (path: string, response: ServerResponse) => void,
): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer(({ method, url = "" }, response) => {
    response.setHeader("access-control-allow-origin", "*");
    response.setHeader("access-control-allow-headers", "*");
    if (method === "OPTIONS") response.end();
    else answer(url, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  const close = (): Promise<void> => {
    server.close();
    server.closeAllConnections();
    return Promise.resolve();
  };
  return { url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: close };
}

test("redirects, servers that leave, and headers that a page must not see", async () => {
  const metadata = {
    name: "m",
    inputs: [{ name: "X", datatype: "FP32", shape: [1] }],
    outputs: [],
  };
  await using strange = await strangeServer((path, response) => {
    if (path.endsWith("/config")) response.writeHead(404).end('{"error":"none"}');
    else if (path.endsWith("/infer")) {
      response.setHeader("content-type", "application/octet-stream");
      response.setHeader("inference-header-content-length", "15");
      response.end('{"outputs":[]} \u0001');
    } else if (path.endsWith("/cut")) {
      response.setHeader("content-length", "100");
      response.write('{"name"', () => response.destroy());
    } else if (path.endsWith("/m")) response.end(JSON.stringify(metadata));
    else response.writeHead(301, { location: "/elsewhere" }).end();
  });
  await using opened = await openPage(browser);
  const told = await opened.page.evaluate(async (url) => {
    const client = shoal.createClient(url, { maxRetries: 0 });
    const calls = [
      client.metadata(),
      client.model("cut").metadata(),
      client.model("m").infer({ X: [1] }),
    ];
    const errors = await Promise.all(calls.map((call) => call.catch((error: unknown) => error)));
    return errors.map((error) => {
      if (!(error instanceof shoal.ClientError)) throw error;
      return `${error.kind}: ${error.message}`;
    });
  }, strange.url);
  check.deepEqual(told, [
    "answer: no answer of an inference server: a redirect",
    "connection: the connection broke",
    "answer: the answer's header inference-header-content-length is " +
      "missing, or hidden from pages",
  ]);
});
