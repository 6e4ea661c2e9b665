/**
 * The example repository for Triton: the same folders, with models in Python in place of graphs and
 * modules, and configurations that say so.
 *
 * A configuration that has its tensors stays as it was written. Others are as ours completes them,
 * for Triton has no graph to do it by.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Client } from "shoal/client";
import { readConfigJson } from "../../dist/protocol/config-json.js";
import { printConfigText } from "../../dist/server/repository/config-text.js";
import { writeExampleRepository } from "../example-repository.ts";
import { root } from "../repository.ts";

/** Its graph is no matter of a few lines. */
export const left = "text_angle";

/** The client's server has all models of the example repository. */
export async function writeTritonRepository(folder: string, client: Client): Promise<void> {
  writeExampleRepository(folder);
  rmSync(join(folder, left), { recursive: true });
  for (const name of readdirSync(folder)) {
    const path = join(folder, name, "config.pbtxt");
    const written = existsSync(path) ? readFileSync(path, "utf8") : "";
    if (written.includes("ensemble")) continue;
    const text = /^input/m.test(written) ? written : await completed(client, name);
    writeFileSync(path, `${withoutBackend(text)}\nbackend: "python"\n`);
    replaceModels(join(folder, name));
  }
}

async function completed(client: Client, name: string): Promise<string> {
  const config = await client.model(name).config();
  return printConfigText(readConfigJson(JSON.stringify(config)));
}

function withoutBackend(text: string): string {
  return text.replaceAll(/^(backend|platform|default_model_filename):.*$/gm, "");
}

function replaceModels(folder: string): void {
  const versions = readdirSync(folder).filter((name) => /^\d+$/.test(name));
  for (const version of versions) {
    const path = join(folder, version);
    rmSync(path, { recursive: true });
    mkdirSync(path);
    copyFileSync(join(root, "test", "foreign", "example-model.py"), join(path, "model.py"));
  }
}
