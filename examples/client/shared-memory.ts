/**
 * Tensors in memory that client and server share: on Linux, with a server on the same machine that
 * has this extension, such as Triton; here with its example, add_sub.
 *
 *   npx jiti examples/client/shared-memory.ts
 */
import { createClient, createSharedMemory, Tensor } from "shoal/client";

const client = createClient(process.env["SHOAL_URL"] ?? "http://localhost:8000");
const addSub = client.model("add_sub");
const numbers = Tensor.from(
  "INT32",
  Int32Array.from({ length: 16 }, (_, n) => n),
  [1, 16],
);

const region = await createSharedMemory(client, "numbers", { byteSize: 8192 });
const INPUT0 = region.write(numbers); // at its beginning
const INPUT1 = region.write(numbers, 1024);
const outputs = [{ name: "OUTPUT0", shared: region.part(4096, 64) }];
await addSub.infer({ INPUT0, INPUT1 }, { outputs });
console.log(region.read("INT32", [1, 16], 4096).data); // 0, 2, 4, ... 30
await region.close();

client.close();
