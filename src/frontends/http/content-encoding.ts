/**
 * Content encodings of inference: how a body is compressed, and how the caller wants the answer.
 *
 * gzip and deflate (the zlib format). The answer is compressed only if the caller asks for it:
 * then whatever its size. Errors never are.
 */
import { promisify } from "node:util";
import { deflate, gunzip, gzip, inflate } from "node:zlib";
import { InferenceError } from "../../protocol/errors.ts";
import { preferred } from "./preferred.ts";
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

/** For a route whose bodies must not be compressed. Throws INVALID_ARGUMENT. */
export function onlyIdentity(header: string | undefined): ContentEncoding {
  if (header === undefined || header === "") return "identity";
  if (header.trim().toLowerCase() === "identity") return "identity";
  const why = "Unsupported content-encoding, only 'identity' is supported.";
  throw new InferenceError("INVALID_ARGUMENT", why);
}

/** The known encoding of the highest weight; of equal ones the first. Unknown ones are skipped. */
export function answerEncoding(header: string | undefined): ContentEncoding {
  return header === undefined ? "identity" : (preferred(header, toEncoding) ?? "identity");
}

function toEncoding(name: string): ContentEncoding | undefined {
  return isKnown(name) ? name : undefined;
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
