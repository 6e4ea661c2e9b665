/**
 * Answer of an inference, onto the socket: JSON, and behind it the tensors as the model gave them.
 *
 * Nothing is copied: tensors go to the socket as they are, in one flush with the JSON. Small JSON
 * goes as a string, because Node then joins it with the head into one write.
 */
import type { ServerResponse } from "node:http";
import { InferenceError } from "../../protocol/errors.ts";
import type { EncodedResponse } from "../../protocol/infer-response-json.ts";
import { type ContentEncoding, compress } from "./content-encoding.ts";
import { type HeaderList, sendError } from "./responses.ts";

export interface AnswerOptions {
  readonly encoding: ContentEncoding;
  readonly timing: string;
  readonly headers: HeaderList;
}

/** From this size on a string would cost more than it saves. */
const smallBytes = 16 * 1024;

export function sendInferAnswer(
  response: ServerResponse,
  encoded: EncodedResponse,
  options: AnswerOptions,
): void {
  const { json, tensors } = encoded;
  const { encoding } = options;
  if (encoding !== "identity") {
    // Every error in it is answered there.
    sendCompressed(response, encoded, options).catch(() => {});
    return;
  }
  let byteLength = json.byteLength;
  for (const tensor of tensors) byteLength += tensor.byteLength;
  response.writeHead(200, headOf(encoded, options, byteLength));
  if (tensors.length === 0 && byteLength < smallBytes) {
    const { buffer, byteOffset } = json;
    // Byte by byte: UTF-8 comes out as it went in.
    response.end(Buffer.from(buffer, byteOffset, byteLength).toString("latin1"), "latin1");
    return;
  }
  response.write(json);
  for (const tensor of tensors) response.write(tensor);
  response.end();
}

async function sendCompressed(
  response: ServerResponse,
  encoded: EncodedResponse,
  options: AnswerOptions,
): Promise<void> {
  const { encoding } = options;
  try {
    const body = await compress(encoding, [encoded.json, ...encoded.tensors]);
    const head = [...headOf(encoded, options, body.byteLength), "Content-Encoding", encoding];
    response.writeHead(200, head);
    response.end(body);
  } catch (reason) {
    sendError(response, InferenceError.from(reason), options.headers);
  }
}

function headOf(
  { json, tensors }: EncodedResponse,
  { timing, headers }: AnswerOptions,
  byteLength: number,
): string[] {
  const length = String(byteLength);
  if (tensors.length === 0) {
    return [
      "Content-Type",
      "application/json",
      "Content-Length",
      length,
      "Server-Timing",
      timing,
      ...headers,
    ];
  }
  return [
    "Content-Type",
    "application/octet-stream",
    "Inference-Header-Content-Length",
    String(json.byteLength),
    "Content-Length",
    length,
    "Server-Timing",
    timing,
    ...headers,
  ];
}
