/** A listener says where it is, explains what it cannot have, and lets running requests finish. */
import { strict as check } from "node:assert";
import { once } from "node:events";
import { Agent, createServer, get, type IncomingMessage, type ServerResponse } from "node:http";
import test from "node:test";
import { HttpListener } from "./http-listener.ts";
import { sharesPorts } from "./listener.ts";
import { SystemClock } from "./system-clock.ts";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

function listenerFor(
  answer: Answer,
  address = "127.0.0.1",
  port = 0,
  isShared = false,
): HttpListener {
  const clock = new SystemClock();
  const options = { what: "HTTP", address, port, portOption: "httpPort", clock, isShared };
  return new HttpListener(createServer(answer), options);
}

test("it has an address while it listens, and none before and after", async () => {
  const listener = listenerFor((_request, response) => response.end("here"));
  check.equal(listener.url, undefined);
  await Promise.all([listener.open(), listener.open()]);
  check.match(listener.url!, /^http:\/\/127\.0\.0\.1:\d+$/);
  check.equal(`http://${listener.place}`, listener.url);
  check.equal(await (await fetch(listener.url!)).text(), "here");
  await listener.drain();
  check.equal(listener.url, undefined);
  await listener.drain();
});

test("an address that means all of the machine is called localhost", async () => {
  const listener = listenerFor(() => {}, "0.0.0.0");
  await listener.open();
  check.match(listener.url!, /^http:\/\/localhost:\d+$/);
  check.match(listener.place, /^0\.0\.0\.0:\d+$/);
  await listener.drain();
});

test("a port in use is explained", async () => {
  const first = listenerFor(() => {});
  await first.open();
  const port = Number(new URL(first.url!).port);
  await check.rejects(listenerFor(() => {}, "127.0.0.1", port).open(), {
    message:
      `Socket '127.0.0.1:${port}' already in use, for HTTP: stop what listens there, ` +
      "or choose another with 'httpPort' or --http-port",
  });
  await first.drain();
});

test("an address of another machine is explained", async () => {
  // 192.0.2.0/24 is reserved for documentation: no machine has it.
  await check.rejects(listenerFor(() => {}, "192.0.2.1").open(), {
    message: "address 192.0.2.1 for HTTP is none of this machine",
  });
});

test("draining waits for a running request, not for an idle connection", async () => {
  const held: ServerResponse[] = [];
  const listener = listenerFor((_request, response) => held.push(response));
  await listener.open();
  const agent = new Agent({ keepAlive: true });
  const request = get(`${listener.url}/`, { agent });
  while (held.length === 0) await new Promise(setImmediate);
  let isDrained = false;
  const draining = listener.drain().then(() => {
    isDrained = true;
  });
  await new Promise(setImmediate);
  check.equal(isDrained, false);
  held[0]?.end("answer");
  const [response] = (await once(request, "response")) as [IncomingMessage];
  check.equal((await response.toArray()).join(""), "answer");
  await draining;
  agent.destroy();
});

test("cutting ends what would not end by itself", async () => {
  const listener = listenerFor(() => {});
  await listener.open();
  const request = get(`${listener.url}/`);
  const failed = once(request, "error");
  await once(request, "socket").then(([socket]) => socket.connecting && once(socket, "connect"));
  const draining = listener.drain();
  listener.cut();
  await draining;
  await failed.catch(() => {});
});

test("a port that is shared is one for several, where Node.js can", async () => {
  const answer: Answer = (_request, response) => void response.end("here");
  const first = listenerFor(answer, "127.0.0.1", 0, true);
  await first.open();
  const { port } = new URL(first.url!);
  const second = listenerFor(answer, "127.0.0.1", Number(port), true);
  if (sharesPorts(process.versions.node)) {
    await second.open();
    await first.drain();
    check.equal(await (await fetch(second.url!)).text(), "here");
    await second.drain();
  } else {
    await check.rejects(second.open(), /already in use/);
    await first.drain();
  }
});

test("versions of Node.js that share ports", () => {
  const versions = ["20.20.0", "22.11.9", "22.12.0", "23.0.0", "23.1.0", "24.0.0"];
  const sharing = versions.filter(sharesPorts);
  check.deepEqual(sharing, ["22.12.0", "23.1.0", "24.0.0"]);
});
