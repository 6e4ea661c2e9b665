/**
 * A client in TypeScript: the model's definition types what goes in and comes out. Of the definition
 * only the type is imported.
 *
 *   npx shoal serve examples/typescript/mood.ts
 *   npx jiti examples/client/ask.ts
 */
import { createClient } from "shoal/client";
import type { mood } from "../typescript/mood.ts";

const client = createClient(process.env["SHOAL_URL"] ?? "http://localhost:8000");
const { score } = await client.model<typeof mood>("mood").inferSample({ text: ["a great day"] });
console.log(score.data[0]); // a Float32Array: the compiler knows
client.close();
