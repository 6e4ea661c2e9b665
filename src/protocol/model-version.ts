/**
 * Version of a model, as a caller writes it: digits, or nothing for the highest that is ready.
 */
import { InferenceError } from "./errors.ts";
import type { AskedVersion } from "./infer.ts";

const mostInt64 = 2n ** 63n - 1n;

/** Throws INVALID_ARGUMENT. 0 is a version like others, which no model has. */
export function parseModelVersion(text: string): AskedVersion {
  if (text === "") return undefined;
  if (/^-\d+$/.test(text)) {
    const why = `invalid model version specified '${text}' , version should be an integral value > 0`;
    throw new InferenceError("INVALID_ARGUMENT", why);
  }
  if (!/^\d+$/.test(text)) throw unreadable(text);
  const number = Number(text);
  if (Number.isSafeInteger(number)) return number;
  const exact = BigInt(text);
  if (exact > mostInt64) throw unreadable(text);
  return exact;
}

function unreadable(text: string): InferenceError {
  const why =
    `failed to get model version from specified version string '${text}' (details: stol), ` +
    "version should be an integral value > 0";
  return new InferenceError("INVALID_ARGUMENT", why);
}
