/**
 * Answer of an inference, onto the socket: JSON, and behind it the tensors as the model gave them.
 *
 * Nothing is copied: tensors go to the socket as they are, in one flush with the JSON. Small JSON
 * goes as a string, because Node then joins it with the head into one write.
 */
import type { ServerResponse } from "node:http";
import { InferenceError } from "../../protocol/errors.ts";
import type { RequestTiming } from "../../protocol/infer.ts";
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

/** Milliseconds with three decimals, by where they were spent. */
export function serverTiming(timing: RequestTiming, encodeMs: number): string {
  const { queueMs, batchMs, computeMs, outputMs } = timing;
  return (
    `queue;dur=${decimal(queueMs)}, batch;dur=${decimal(batchMs)}, ` +
    `compute;dur=${decimal(computeMs)}, encode;dur=${decimal(outputMs + encodeMs)}`
  );
}

/** Of a stream, which is sent before the rest is known. */
export function startTiming({ queueMs, batchMs }: RequestTiming): string {
  return `queue;dur=${decimal(queueMs)}, batch;dur=${decimal(batchMs)}`;
}

/** By microseconds: most times are short, and come again. */
const decimals: string[] = [];
const mostDecimals = 2048;

function decimal(ms: number): string {
  const micros = Math.round(ms * 1000);
  if (!(micros >= 0 && micros < mostDecimals)) return toDecimal(micros);
  decimals[micros] ??= toDecimal(micros);
  return decimals[micros];
}

/** As `toFixed(3)` of milliseconds, which takes several times as long. */
function toDecimal(micros: number): string {
  const whole = Math.floor(micros / 1000);
  const rest = micros - 1000 * whole;
  if (rest >= 100) return `${whole}.${rest}`;
  return rest >= 10 ? `${whole}.0${rest}` : `${whole}.00${rest}`;
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
