/**
 * The handler in servers of others: node:http, Express, Fastify; beside routes of theirs, under
 * paths of theirs, and behind parsers that have read the body before. As a program: examples.test.ts.
 */
import { strict as check } from "node:assert";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import express, { type Express } from "express";
import fastify, { type FastifyInstance } from "fastify";
import { createServer, fp32, model, type Server } from "shoal";
import { ask, type RawAnswer } from "../conformance/raw-client.ts";
import { quietLoopback } from "../conformance/server.ts";

const negative = model("negative", {
  inputs: { x: fp32(-1) },
  outputs: { y: fp32(-1) },
  infer: ({ x }) => ({ y: x.map((value) => -value) }),
});

let server: Server;
before(async () => {
  server = createServer(negative, quietLoopback);
  await server.ready;
});
after(() => server.close());

/** The port of a server that answers so, until the test ends. */
async function serving(context: TestContext, listener: RequestListener): Promise<number> {
  const httpServer = createHttpServer(listener).listen(0, "127.0.0.1");
  context.after(() => {
    httpServer.close();
    httpServer.closeAllConnections();
  });
  await once(httpServer, "listening");
  return (httpServer.address() as AddressInfo).port;
}

async function fastifyPort(context: TestContext, app: FastifyInstance): Promise<number> {
  context.after(() => app.close());
  await new Promise<void>((resolve, reject) => {
    const place = { host: "127.0.0.1", port: 0 };
    app.listen(place, (error) => (error === null ? resolve() : reject(error)));
  });
  return (app.server.address() as AddressInfo).port;
}

const json = '{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]}]}';
const jsonType = { "Content-Type": "application/json" };

async function infer(port: number, prefix = "", headers = jsonType): Promise<RawAnswer> {
  const path = `${prefix}/v2/models/negative/infer`;
  return await ask(port, "POST", path, { body: json, headers });
}

/** All kinds of routes answer under this prefix, and the other's own one beside them. */
async function isMounted(port: number, prefix = ""): Promise<void> {
  const { status, text } = await infer(port, prefix);
  check.deepEqual([status, JSON.parse(text).outputs[0].data], [200, [-1, -2]]);
  check.equal((await ask(port, "GET", `${prefix}/v2/health/ready`)).status, 200);
  check.equal((await ask(port, "HEAD", `${prefix}/v2/models/negative?x=1`)).status, 405);
  check.match((await ask(port, "POST", `${prefix}/v2/repository/index`)).text, /"negative"/);
  check.equal((await ask(port, "GET", `${prefix}/v2/nothing`)).status, 404);
  check.equal((await ask(port, "GET", "/hello")).text, "hello");
}

const alreadyRead = {
  error:
    "the body of this request was read before it came here: mount this handler in front of body " +
    "parsers",
};

/** Who mounted it wrongly is told so, in an error that says what to do. */
async function isReadBefore(port: number, prefix = ""): Promise<void> {
  const { status, text } = await infer(port, prefix);
  check.deepEqual([status, JSON.parse(text)], [500, alreadyRead]);
  // What needs no body works all the same.
  check.equal((await ask(port, "GET", `${prefix}/v2/health/ready`)).status, 200);
}

test("node:http", async (t) => {
  const port = await serving(t, (request, response) => {
    if (request.url === "/hello") response.end("hello");
    else server.handler(request, response);
  });
  await isMounted(port);
});

test("node:http: while the server is made, requests wait for it", async (t) => {
  const late = createServer(negative, quietLoopback);
  t.after(() => late.close());
  const port = await serving(t, late.handler);
  check.equal((await ask(port, "GET", "/v2/health/live")).status, 200);
});

function expressApp(mountOn: (app: Express) => void): Express {
  const app = express();
  mountOn(app);
  app.get("/hello", (_request, response) => {
    response.send("hello");
  });
  return app;
}

for (const prefix of ["", "/ml", "/a/b"]) {
  test(`Express, ${prefix === "" ? "at the root" : `under ${prefix}`}`, async (t) => {
    const app = expressApp((made) => {
      // At the root it answers everything: only paths of the protocol come to it.
      if (prefix !== "") made.use(prefix, server.handler);
      else made.all(/^\/v2(\/|$)/, server.handler);
      made.use(express.json());
    });
    await isMounted(await serving(t, app), prefix);
  });
}

test("Express: behind a parser of JSON", async (t) => {
  const app = expressApp((made) => {
    made.use(express.json());
    made.use("/ml", server.handler);
  });
  await isReadBefore(await serving(t, app), "/ml");
});

test("Express: behind a parser that leaves bytes", async (t) => {
  const app = expressApp((made) => {
    made.use(express.raw({ type: () => true }));
    made.use("/ml", server.handler);
  });
  await isMounted(await serving(t, app), "/ml");
});

test("Express: behind a parser that is for other types of content", async (t) => {
  const app = expressApp((made) => {
    made.use(express.text());
    made.use("/ml", server.handler);
  });
  await isMounted(await serving(t, app), "/ml");
});

test("Fastify, in a scope whose bodies it leaves alone", async (t) => {
  const app = fastify();
  app.get("/hello", () => "hello");
  app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", (_request, _body, parsed) => parsed(null));
    scope.all("/v2*", (request, reply) => {
      reply.hijack();
      server.handler(request.raw, reply.raw);
    });
    done();
  });
  // Beside them its own parser works.
  app.post("/echo", (request) => request.body);
  const port = await fastifyPort(t, app);
  await isMounted(port);
  const echo = await ask(port, "POST", "/echo", { body: json, headers: jsonType });
  check.deepEqual(JSON.parse(echo.text), JSON.parse(json));
});

test("Fastify: behind its parser of JSON", async (t) => {
  const app = fastify();
  app.all("/v2*", (request, reply) => {
    reply.hijack();
    server.handler(request.raw, reply.raw);
  });
  await isReadBefore(await fastifyPort(t, app));
});

test("what it is mounted in goes on when it is closed", async (t) => {
  const closing = createServer(negative, quietLoopback);
  await closing.ready;
  const port = await serving(t, (request, response) => {
    if (request.url === "/hello") response.end("hello");
    else closing.handler(request, response);
  });
  check.equal((await infer(port)).status, 200);
  await closing.close();
  check.equal((await ask(port, "GET", "/hello")).text, "hello");
  check.equal((await ask(port, "GET", "/v2/health/ready")).status, 503);
  const refused = await infer(port);
  check.deepEqual([refused.status, refused.headers.get("retry-after")], [503, "1"]);
  check.match(refused.text, /Server is stopping/);
});

test("a model in threads that import the file of its server again", async () => {
  const program = fileURLToPath(new URL("beside-program.js", import.meta.url));
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [program]);
  const expected = ["server in thread 0", "model in 2 threads, not in this", ""];
  check.deepEqual([stdout.split("\n"), stderr], [expected, ""]);
});
