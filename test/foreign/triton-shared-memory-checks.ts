/** System shared memory between our client and Triton, on this machine. */
import { strict as check } from "node:assert";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import {
  type Client,
  ClientError,
  createSharedMemory,
  type SharedMemory,
  Tensor,
} from "shoal/client";
import { Program } from "../program.ts";
import { root } from "../repository.ts";
import { ways } from "./foreign-clients.ts";

const url = process.env["FOREIGN_HTTP"] ?? "";
const row = [1, 16];
const counts = Tensor.from(
  "INT32",
  Int32Array.from({ length: 16 }, (_, index) => index),
  row,
);

function filesOfOurs(): readonly string[] {
  return readdirSync("/dev/shm").filter((name) => name.startsWith(`shoal-${process.pid}-`));
}

async function regions(): Promise<unknown> {
  const answer = await fetch(`${url}/v2/systemsharedmemory/status`);
  const known = (await answer.json()) as readonly { name: string; byte_size: number }[];
  return known.map(({ name, byte_size }) => ({ name, byte_size }));
}

async function withRegion(
  client: Client,
  run: (region: SharedMemory) => Promise<void>,
): Promise<void> {
  const region = await createSharedMemory(client, "ours", { byteSize: 8192 });
  try {
    await run(region);
  } finally {
    await region.close();
    check.deepEqual(filesOfOurs(), []);
    check.deepEqual(await regions(), []);
  }
}

for (const [way, connect] of Object.entries(ways)) {
  const client = connect();
  const model = client.model("add_sub");
  test(`inputs and outputs lie in a region: ${way}`, async () => {
    await withRegion(client, async (region) => {
      check.deepEqual(await regions(), [{ name: "ours", byte_size: 8192 }]);
      const INPUT0 = region.write(counts);
      const INPUT1 = region.write(counts, 64);
      const outputs = [{ name: "OUTPUT0", shared: region.part(4096, 64) }, "OUTPUT1"];
      const { OUTPUT0, OUTPUT1 } = await model.infer({ INPUT0, INPUT1 }, { outputs });
      check.deepEqual(OUTPUT0?.shape, row);
      check.deepEqual(
        region.read("INT32", row, 4096).data,
        counts.data.map((value) => 2 * value),
      );
      check.deepEqual(OUTPUT1?.data, new Int32Array(16));
    });
  });

  test(`a region and values sent together, again and again: ${way}`, async () => {
    await withRegion(client, async (region) => {
      for (const factor of [1, 2, 3]) {
        const INPUT0 = region.write(
          Tensor.from(
            "INT32",
            counts.data.map((n) => n * factor),
            row,
          ),
        );
        const outputs = [{ name: "OUTPUT1", shared: region.part(4096, 64) }];
        await model.infer({ INPUT0, INPUT1: counts }, { outputs });
        const expected = counts.data.map((value) => value * (factor - 1));
        check.deepEqual(region.read("INT32", row, 4096).data, expected);
      }
    });
  });

  test(`texts in a region: ${way}`, async () => {
    await withRegion(client, async (region) => {
      const TEXT = region.write(Tensor.from("BYTES", [["", "kůň"]]), 100);
      const outputs = [{ name: "TEXT", shared: region.part(4096, 100) }];
      const { TEXT: text } = await client.model("strings").infer({ TEXT }, { outputs });
      check.deepEqual(region.read("BYTES", text?.shape ?? [], 4096).data, ["!", "kůň!"]);
    });
  });

  test(`what the server refuses: ${way}`, async () => {
    await withRegion(client, async (region) => {
      await check.rejects(createSharedMemory(client, "ours", { byteSize: 4096 }), (error) => {
        check.ok(error instanceof ClientError);
        check.match(error.message, /already in manager/);
        return true;
      });
      const outputs = [{ name: "OUTPUT0", shared: region.part(4096, 60) }];
      const inputs = { INPUT0: counts, INPUT1: counts };
      await check.rejects(client.model("add_sub").infer(inputs, { outputs }), /at least 64 bytes/);
    });
    check.deepEqual(filesOfOurs(), []);
  });

  test(`an input in a region that is gone: ${way}`, async () => {
    const region = await createSharedMemory(client, "ours", { byteSize: 4096 });
    const INPUT0 = region.write(counts);
    await region.close();
    await region.close();
    const infer = client.model("add_sub").infer({ INPUT0, INPUT1: counts });
    await check.rejects(infer, { name: "ClientError", code: "NOT_FOUND" });
  });

  test(`ends: ${way}`, () => client.close());
}

test("the example", async () => {
  const jiti = join(root, "node_modules", "jiti", "lib", "jiti-cli.mjs");
  const file = join("examples", "client", "shared-memory.ts");
  const program = new Program([jiti, file], { env: { SHOAL_URL: url } });
  check.equal((await program.ended()).code, 0, program.stderr);
  check.match(program.stdout, /^Int32Array\(16\) \[\s+0,\s+2,\s+4,/);
});
