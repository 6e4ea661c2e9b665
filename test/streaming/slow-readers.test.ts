/**
 * Readers that stop, and readers that leave: over SSE and gRPC, of models inline and in a thread. A
 * generator is pulled no further than its window beyond what the connection takes.
 */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { GrpcClient } from "../conformance/grpc-client.ts";
import { type StartedServer, startServer } from "../conformance/server.ts";
import { StreamClient } from "../conformance/stream-client.ts";
import { until } from "../until.ts";
import { countsOf, pagesInline, pagesInThread } from "./pages.ts";

const manyPages = 10_000;

/** A reader of so many pages, of which it takes the first. */
interface Reader {
  goOn(): Promise<number>;
  leave(): void;
}

type Transport = (server: StartedServer, model: string, count: number) => Promise<Reader>;

const transports: Readonly<Record<string, Transport>> = {
  SSE: async ({ url }, model, count) => {
    const client = new StreamClient(`${url}/v2/models/${model}/generate_stream`, {
      body: `{"COUNT":${count}}`,
    });
    await client.next();
    return {
      goOn: async () => 1 + (await client.rest()).length,
      leave: () => client.leave(),
    };
  },

  gRPC: async ({ server }, model, count) => {
    const client = new GrpcClient(server.urls.grpc ?? "");
    const stream = client.stream();
    const COUNT = Buffer.from(Int32Array.of(count).buffer);
    stream.send({
      modelName: model,
      inputs: [{ name: "COUNT", datatype: "INT32", shape: [1] }],
      rawInputContents: [COUNT],
    });
    await stream.next();
    stream.call.pause();
    return {
      goOn: async () => {
        stream.call.resume();
        check.deepEqual(await stream.end(), { code: 0, details: "OK" });
        client.client.close();
        return stream.received.length;
      },
      leave: () => {
        stream.call.cancel();
        client.client.close();
      },
    };
  },
};

/** No more are pulled, however often it is asked. */
async function pulledAtRest(url: string, model: string): Promise<number> {
  let pulled = 0;
  let calm = 0;
  while (calm < 30) {
    const before = pulled;
    ({ pulled } = await countsOf(url, model));
    calm = pulled === before ? calm + 1 : 0;
  }
  return pulled;
}

async function serving(): Promise<StartedServer> {
  return await startServer([pagesInline, pagesInThread], {
    allowGrpc: true,
    grpcAddress: "127.0.0.1",
    grpcPort: 0,
  });
}

for (const [transport, read] of Object.entries(transports)) {
  for (const { name } of [pagesInline, pagesInThread]) {
    test(`${transport}, ${name}: a reader that stops holds the generator back`, async () => {
      await using server = await serving();
      const before = process.memoryUsage().arrayBuffers;
      const reader = await read(server, name, manyPages);
      const pulled = await pulledAtRest(server.url, name);
      // What the two ends of a connection hold is the system's.
      check.ok(pulled < 400, `${pulled} of ${manyPages} pages were pulled`);
      const grownMib = (process.memoryUsage().arrayBuffers - before) / 2 ** 20;
      check.ok(grownMib < 100, `memory has grown by ${grownMib} MiB`);
      reader.leave();
      await until(async () => (await countsOf(server.url, name)).ended === 1);
      const { left } = await countsOf(server.url, name);
      check.equal(left, 1);
      await until(async () => (await failuresOf(server.url, name)) === 1);
    });

    test(`${transport}, ${name}: one that goes on gets the rest`, async () => {
      await using server = await serving();
      const reader = await read(server, name, 500);
      await pulledAtRest(server.url, name);
      check.equal(await reader.goOn(), 500);
      const { pulled, ended, left } = await countsOf(server.url, name);
      check.deepEqual([pulled, ended, left], [500, 1, 0]);
      check.equal(await failuresOf(server.url, name), 0);
    });
  }
}

/** As the statistics tell it. */
async function failuresOf(url: string, model: string): Promise<number> {
  const response = await fetch(`${url}/v2/models/${model}/stats`);
  const { model_stats } = (await response.json()) as {
    readonly model_stats: readonly { inference_stats: { fail: { count: number } } }[];
  };
  return model_stats[0]?.inference_stats.fail.count ?? check.fail();
}
