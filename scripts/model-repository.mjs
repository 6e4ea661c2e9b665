/**
 * Writes the example model repository, to serve or to look at.
 *
 *   node scripts/ready.mjs --tests && node scripts/model-repository.mjs FOLDER
 *   shoal serve --model-repository FOLDER
 *
 * Its models in JavaScript and TypeScript import "shoal".
 */
import { writeExampleRepository } from "../dist-test/example-repository.js";

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error("usage: node scripts/model-repository.mjs FOLDER");
  process.exitCode = 1;
} else {
  writeExampleRepository(folder);
}
