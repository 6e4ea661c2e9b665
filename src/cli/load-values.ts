/**
 * What `shoal models URL load` sends in place of what the repository has: a configuration, and files
 * of the model.
 *
 *   --config '{"max_batch_size": 8}'    JSON
 *   --config config.pbtxt               a file: protobuf's text format, or JSON
 *   --file 1/model.onnx=@new.onnx       by its path within the model's folder
 */
import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import type { JsonObject } from "../client/connection.ts";
import { parseExactJson } from "../client/exact-json.ts";
import { isFields } from "../protocol/fields.ts";
import { UsageError } from "./usage-error.ts";

export async function readGivenConfig(given: string): Promise<JsonObject> {
  if (given.trim().startsWith("{")) return inJson(fromJson(given, "--config"));
  const bytes = await readFile(given);
  if (extname(given) !== ".pbtxt") {
    return inJson(fromJson(new TextDecoder().decode(bytes), `'${given}'`));
  }
  const { readConfigText } = await import("../server/repository/config-text.ts");
  return inJson(readConfigText(bytes, given));
}

export async function readGivenFiles(
  given: readonly string[],
): Promise<Readonly<Record<string, Uint8Array>>> {
  const files = new Map<string, Uint8Array>();
  for (const each of given) {
    const [, path, source] = /^([^=]+)=@(.+)$/s.exec(each) ?? [];
    if (path === undefined || source === undefined) {
      throw new UsageError(
        `--file '${each}': it must be a path in the model's folder, =@ and a file`,
      );
    }
    if (files.has(path)) throw new UsageError(`--file: '${path}' is given twice`);
    files.set(path, await readFile(source));
  }
  return Object.fromEntries(files);
}

function fromJson(text: string, what: string): unknown {
  try {
    return parseExactJson(text);
  } catch (error) {
    throw new UsageError(`${what} is no JSON: ${(error as Error).message}`);
  }
}

/** What JSON has no numbers for, protobuf's JSON has texts for. */
function inJson(config: unknown): JsonObject {
  if (!isFields(config)) throw new UsageError("--config: a configuration is a JSON object");
  const text = JSON.stringify(config, (_key, value: unknown) => {
    const isNumber = typeof value === "number" && Number.isFinite(value);
    return typeof value === "bigint" || (typeof value === "number" && !isNumber)
      ? String(value)
      : value;
  });
  return JSON.parse(text) as JsonObject;
}
