/**
 * Loading and unloading of models over HTTP: what the body asks for.
 *
 *   load     {"parameters": {"config": "<JSON>", "file:1/model.onnx": "<base64>"}}
 *   unload   {"parameters": {"unload_dependents": true}}; all else in it is overlooked
 *
 * Texts are Triton's; that what is no base64 is refused is ours.
 *
 * Not here: the loading itself (core/inference-service.ts).
 */
import type { LoadOverride, UnloadOptions } from "../../core/inference-service.ts";
import { InferenceError } from "../../protocol/errors.ts";
import { parseJson } from "../../protocol/json-reader.ts";
import { JsonObject, type JsonValue } from "../../protocol/json-value.ts";
import type { ReceivedBody } from "./request-body.ts";

const filePrefix = "file:";

/** Throws an InferenceError. */
export function readLoadOverride(body: ReceivedBody): LoadOverride {
  const parameters = parametersOf(body);
  const files = new Map<string, Uint8Array>();
  let config: string | undefined;
  for (const [key, value] of membersOf(parameters)) {
    if (typeof value !== "string") throw internal("attempt to access JSON non-string as string");
    if (key === "config") config = value;
    else if (key.startsWith(filePrefix))
      files.set(key.slice(filePrefix.length), decoded(key, value));
    else throw internal("unexpected error on creating Triton parameter");
  }
  return { config, files };
}

/** Throws an InferenceError. */
export function readUnloadOptions(body: ReceivedBody): UnloadOptions {
  const parameters = parametersOf(body);
  const asked =
    parameters instanceof JsonObject ? parameters.members.get("unload_dependents") : undefined;
  return { dependents: asked === true };
}

function parametersOf({ chunks, byteLength }: ReceivedBody): JsonValue | undefined {
  const body = byteLength === 0 ? undefined : parseJson(Buffer.concat(chunks));
  return body instanceof JsonObject ? body.members.get("parameters") : undefined;
}

function membersOf(parameters: JsonValue | undefined): Iterable<readonly [string, JsonValue]> {
  if (parameters === undefined) return [];
  if (parameters instanceof JsonObject) return parameters.members;
  throw internal("attempt to get members for non-object");
}

function decoded(key: string, text: string): Uint8Array {
  const bytes = Buffer.from(text, "base64");
  // What is none of it is passed over by Node: so there are fewer bytes than there should be.
  const digitCount = text.replace(/={1,2}$/, "").length;
  if (digitCount % 4 !== 1 && bytes.byteLength === Math.floor((digitCount * 3) / 4)) {
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  const shown = key.length > 80 ? `${key.slice(0, 77)}...` : key;
  throw new InferenceError("INVALID_ARGUMENT", `load parameter '${shown}' is not base64`);
}

function internal(why: string): InferenceError {
  return new InferenceError("INTERNAL", why);
}
