/**
 * Parameters of loading and unloading a model: which there are, and of which kind.
 */
import type { LoadOverride, UnloadOptions } from "../../core/inference-service.ts";
import { InferenceError } from "../../protocol/errors.ts";
import type { inference } from "../../protocol/generated/messages.js";

const filePrefix = "file:";

type Parameters = Readonly<Record<string, inference.ModelRepositoryParameter>>;

/** Throws INVALID_ARGUMENT. */
export function readLoadParameters(parameters: Parameters): LoadOverride {
  const files = new Map<string, Uint8Array>();
  let config: string | undefined;
  for (const [key, { stringParam, bytesParam }] of Object.entries(parameters)) {
    if (key === "config") {
      if (stringParam === null) throw wrongKind(`load parameter '${key}'`, "string_param");
      config = stringParam;
    } else if (key.startsWith(filePrefix)) {
      if (bytesParam === null) throw wrongKind(`load parameter '${key}'`, "bytes_param");
      files.set(key.slice(filePrefix.length), bytesParam);
    } else throw new InferenceError("INVALID_ARGUMENT", `unrecognized load parameter '${key}'.`);
  }
  return { config, files };
}

/** Throws INVALID_ARGUMENT. Keys that are unknown are overlooked. */
export function readUnloadParameters({ unload_dependents: asked }: Parameters): UnloadOptions {
  if (asked?.boolParam === null) throw wrongKind("'unload_dependents' parameter", "bool_param");
  return { dependents: asked?.boolParam ?? false };
}

function wrongKind(what: string, expected: string): InferenceError {
  const why = `invalid value type for ${what}, expected ${expected}.`;
  return new InferenceError("INVALID_ARGUMENT", why);
}
