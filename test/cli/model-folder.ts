/**
 * A folder of model files for the length of a test file. It lies inside of the repository: there
 * "shoal" is this package.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after } from "node:test";
import { root } from "../repository.ts";

/** What a model file begins with: `negative(name, more)` makes a model. */
const preamble = `import { fp32, int32, model, serve, createServer } from "shoal";
const negative = (name, more = {}) =>
  model(name, {
    inputs: { x: fp32(-1) },
    outputs: { y: fp32(-1) },
    infer: ({ x }) => ({ y: x.map((value) => -value) }),
    ...more,
  });
`;

/** Removed when the tests of the file have ended. Texts ending in `.mjs` get the preamble. */
export function modelFolder(files: Readonly<Record<string, string>>): string {
  const parent = join(root, ".build");
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, "cli-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), path.endsWith(".mjs") ? preamble + text : text);
  }
  return folder;
}
