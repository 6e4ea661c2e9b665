/**
 * Content encodings of inference: how a body is compressed, and how the caller wants the answer.
 *
 * gzip and deflate (the zlib format). The answer is compressed only if the caller asks for it:
 * then whatever its size. Errors never are.
 */
import { promisify } from "node:util";
import { deflate, gunzip, gzip, inflate } from "node:zlib";
import { InferenceError } from "../../protocol/errors.ts";
import { HttpError } from "./responses.ts";

export type ContentEncoding = "identity" | "gzip" | "deflate";

const encodings: readonly string[] = ["gzip", "deflate", "identity"];

const compressors = { gzip: promisify(gzip), deflate: promisify(deflate) };
const decompressors = { gzip: promisify(gunzip), deflate: promisify(inflate) };

/** Throws UNIMPLEMENTED for one that is unknown. */
export function bodyEncoding(header: string | undefined): ContentEncoding {
  if (header === undefined || header === "") return "identity";
  const name = header.trim().toLowerCase();
  if (isKnown(name)) return name;
  throw new HttpError("UNIMPLEMENTED", "Unsupported compression type", {
    headers: ["Accept-Encoding", "gzip, deflate"],
  });
}

/** The known encoding of the highest weight; of equal ones the first. Unknown ones are skipped. */
export function answerEncoding(header: string | undefined): ContentEncoding {
  if (header === undefined) return "identity";
  let best: ContentEncoding = "identity";
  let bestWeight = 0;
  for (const part of header.split(",")) {
    const [name = "", ...options] = part.split(";").map((text) => text.trim().toLowerCase());
    const weight = weightOf(options);
    if (!isKnown(name) || !(weight > bestWeight)) continue;
    best = name;
    bestWeight = weight;
  }
  return best;
}

/** Throws INVALID_ARGUMENT for what does not decompress, or to more than `maxBytes`. */
export async function decompress(
  encoding: "gzip" | "deflate",
  chunks: readonly Uint8Array[],
  maxBytes: number,
): Promise<Uint8Array> {
  const body = joined(chunks);
  if (body.byteLength === 0) {
    throw new InferenceError("INVALID_ARGUMENT", "nothing to be decompressed");
  }
  try {
    return await decompressors[encoding](body, { maxOutputLength: maxBytes });
  } catch (error) {
    const isTooLarge = error instanceof RangeError;
    const why = isTooLarge
      ? `Decompressed data size exceeds the maximum allowed value of ${maxBytes} bytes. ` +
        "Use --http-max-input-size to increase the limit."
      : `the request body is not valid ${encoding}`;
    throw new InferenceError("INVALID_ARGUMENT", why, { cause: error });
  }
}

export async function compress(
  encoding: ContentEncoding,
  parts: readonly Uint8Array[],
): Promise<Uint8Array> {
  if (encoding === "identity") return joined(parts);
  return await compressors[encoding](joined(parts));
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  return first !== undefined && parts.length === 1 ? first : Buffer.concat(parts);
}

function isKnown(name: string): name is ContentEncoding {
  return encodings.includes(name);
}

function weightOf(options: readonly string[]): number {
  const quality = options.find((option) => option.startsWith("q="));
  return quality === undefined ? 1 : Number(quality.slice(2));
}
