/** Regions of shared memory: what is written, and that nothing is left of them. */
import { strict as check } from "node:assert";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import test, { type TestContext } from "node:test";
import { PlainTensor } from "../definition/plain-tensor.ts";
import type { Client } from "./client.ts";
import { createClient } from "./node-client.ts";
import { createSharedMemory } from "./shared-memory.ts";

/** Other systems have no such memory. */
function linuxTest(name: string, run: (context: TestContext) => Promise<void>): void {
  if (existsSync("/dev/shm")) void test(name, run);
}

function filesOfOurs(): readonly string[] {
  return readdirSync("/dev/shm").filter((name) => name.startsWith(`shoal-${process.pid}-`));
}

/** Of a server that takes part in everything, or answers with this status. */
async function clientOf(context: TestContext, status = 200): Promise<[Client, string[]]> {
  const asked: string[] = [];
  const server = createServer((request, response) => void answer(request, response));
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const sent = await text(request);
    const { key, offset, byte_size } = JSON.parse(sent);
    const file = key === undefined ? "" : ` ${offset} ${byte_size}`;
    if (key !== undefined) check.equal(readFileSync(`/dev/shm${key}`).byteLength, byte_size);
    asked.push(`${request.url}${file}`);
    response.writeHead(status, { "content-type": "application/json" });
    response.end(status === 200 ? "" : '{"error":"no"}');
  };
  await once(server.listen(0, "127.0.0.1"), "listening");
  const client = createClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  context.after(() => {
    client.close();
    server.close();
    server.closeAllConnections();
  });
  return [client, asked];
}

linuxTest("what was written is read", async (context) => {
  const [client, asked] = await clientOf(context);
  const region = await createSharedMemory(client, "a b", { byteSize: 3_000_000 });
  check.deepEqual(filesOfOurs(), []);
  const numbers = PlainTensor.from("FP32", [[1.5, -2, 0]]);
  const written = region.write(numbers, 2_999_988);
  check.deepEqual(
    { ...written },
    {
      datatype: "FP32",
      shape: [1, 3],
      shared: {
        shared_memory_region: "a b",
        shared_memory_offset: 2_999_988,
        shared_memory_byte_size: 12,
      },
    },
  );
  const texts = ["", "kůň", "x".repeat(100_000)];
  region.write(PlainTensor.from("BYTES", texts), 1);
  check.deepEqual(region.read("FP32", [1, 3], 2_999_988).toNested(), [[1.5, -2, 0]]);
  check.deepEqual(region.read("BYTES", [3], 1).data, texts);
  check.deepEqual(region.read("INT64", [2], 1_000_000).data, BigInt64Array.of(0n, 0n));
  await region.close();
  await region.close();
  const path = "/v2/systemsharedmemory/region/a%20b";
  check.deepEqual(asked, [`${path}/register 0 3000000`, `${path}/unregister`]);
  check.throws(() => region.write(numbers), { kind: "invalid", message: /'a b' is closed/ });
  check.throws(() => region.read("FP32", [1]), { kind: "invalid", message: /'a b' is closed/ });
});

linuxTest("nothing beyond its end", async (context) => {
  const [client] = await clientOf(context);
  await using region = await createSharedMemory(client, "r", { byteSize: 16 });
  const five = PlainTensor.from("INT32", [1, 2, 3, 4, 5]);
  const beyond = { name: "ClientError", kind: "invalid", message: /not within its 16 bytes/ };
  check.throws(() => region.write(five), beyond);
  check.throws(() => region.write(PlainTensor.from("INT32", [1, 2, 3, 4]), 4), beyond);
  check.throws(() => region.read("INT32", [5]), beyond);
  check.throws(() => region.part(-1, 4), beyond);
  check.throws(() => region.part(0.5, 4), beyond);
  check.throws(() => region.read("INT32", [-1]), { kind: "invalid", message: /no shape/ });
  // Texts that claim to be longer than it is.
  region.write(PlainTensor.from("INT32", [1, 2 ** 30, 0, 0]), 0);
  check.throws(() => region.read("BYTES", [2]), beyond);
  for (const shape of [[2 ** 50], [2 ** 52, 2 ** 52, 0], [2 ** 40, 2 ** 40]]) {
    const isNone = shape.includes(0);
    for (const datatype of ["BYTES", "INT8"] as const) {
      if (isNone) check.equal(region.read(datatype, shape).bytes.byteLength, 0);
      else check.throws(() => region.read(datatype, shape), beyond);
    }
  }
});

linuxTest("nothing is left where it cannot be", async (context) => {
  const [client] = await clientOf(context, 400);
  const refused = createSharedMemory(client, "r", { byteSize: 16 });
  await check.rejects(refused, { name: "ClientError", kind: "server", message: "no" });
  for (const byteSize of [0, -1, 1.5, Number.NaN]) {
    const wrong = createSharedMemory(client, "r", { byteSize });
    await check.rejects(wrong, { kind: "invalid", message: /byteSize/ });
  }
  await check.rejects(createSharedMemory(client, "", { byteSize: 16 }), { kind: "invalid" });
  check.deepEqual(filesOfOurs(), []);
});

linuxTest("more than there is takes nothing from others", async (context) => {
  const [client, asked] = await clientOf(context);
  const full = { name: "ClientError", kind: "invalid", code: "RESOURCE_EXHAUSTED" };
  const message = /^region 'r': no shared memory: \d+ bytes are left$/;
  await check.rejects(createSharedMemory(client, "r", { byteSize: 2 ** 52 }), { ...full, message });
  check.deepEqual([asked, filesOfOurs()], [[], []]);
});

/** A server that never answers sees the file, and then its process ends, as if by a mistake. */
const crashing = `
  import { once } from "node:events";
  import { existsSync } from "node:fs";
  import { createServer } from "node:http";
  import { text } from "node:stream/consumers";
  import { createClient } from ${JSON.stringify(new URL("./node-client.js", import.meta.url).href)};
  import { createSharedMemory } from ${JSON.stringify(new URL("./shared-memory.js", import.meta.url).href)};
  const keys = [];
  const server = createServer(async (request) => {
    keys.push(JSON.parse(await text(request)).key);
    if (keys.length < 12) return;
    console.log(keys.every((key) => existsSync("/dev/shm" + key)), keys.join(" "));
    throw new Error("a mistake");
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const client = createClient("http://127.0.0.1:" + server.address().port);
  const regions = keys.concat(Array.from({ length: 12 }, (_, index) => String(index)));
  await Promise.all(regions.map((name) => createSharedMemory(client, name, { byteSize: 9 })));
`;

linuxTest("nothing is left of a process that ends before the server has answered", async () => {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", crashing]);
  const [told, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [existed, ...keys] = told.trim().split(" ");
  check.deepEqual([existed, keys.length], ["true", 12], errors);
  check.match(errors, /a mistake/);
  check.doesNotMatch(errors, /MaxListeners/);
  check.deepEqual(
    keys.filter((key) => existsSync(`/dev/shm${key}`)),
    [],
  );
});
