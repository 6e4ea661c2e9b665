/**
 * A program whose model eats all the memory that its thread may have. It is started with a small
 * `--max-old-space-size`, which threads inherit.
 */
import { createServer } from "shoal";
import { fragileModels } from "./fragile-models.ts";

const { fragile } = fragileModels;
const server = createServer(fragile, { logInfo: false });
await server.ready;
for (const does of ["eatMemory", "answer"]) {
  const answer = await server
    .infer({ model: fragile, inputs: { x: [[2]] }, parameters: { does } })
    .then(
      ({ outputs }) => outputs["y"]?.toNested(),
      (error: unknown) => (error instanceof Error ? error.message : error),
    );
  console.log(JSON.stringify(answer));
}
await server.close();
