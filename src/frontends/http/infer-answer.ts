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

export interface InferAnswer extends EncodedResponse {
  readonly encoding: ContentEncoding;
  readonly timing: string;
  readonly headers: HeaderList;
}

/** From this size on a string would cost more than it saves. */
const smallBytes = 16 * 1024;

export function sendInferAnswer(response: ServerResponse, answer: InferAnswer): void {
  const { json, tensors, encoding } = answer;
  if (encoding !== "identity") {
    // Every error in it is answered there.
    sendCompressed(response, answer, encoding).catch(() => {});
    return;
  }
  let byteLength = json.byteLength;
  for (const tensor of tensors) byteLength += tensor.byteLength;
  response.writeHead(200, [...headOf(answer), "Content-Length", String(byteLength)]);
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
  answer: InferAnswer,
  encoding: "gzip" | "deflate",
): Promise<void> {
  try {
    const body = await compress(encoding, [answer.json, ...answer.tensors]);
    const length = String(body.byteLength);
    const head = [...headOf(answer), "Content-Encoding", encoding, "Content-Length", length];
    response.writeHead(200, head);
    response.end(body);
  } catch (reason) {
    sendError(response, InferenceError.from(reason));
  }
}

/** Milliseconds with three decimals, by where they were spent. */
export function serverTiming(timing: RequestTiming, encodeMs: number): string {
  const { queueMs, batchMs, computeMs, outputMs } = timing;
  return (
    `queue;dur=${queueMs.toFixed(3)}, batch;dur=${batchMs.toFixed(3)}, ` +
    `compute;dur=${computeMs.toFixed(3)}, encode;dur=${(outputMs + encodeMs).toFixed(3)}`
  );
}

function headOf({ json, tensors, timing, headers }: InferAnswer): readonly string[] {
  const type =
    tensors.length === 0
      ? ["Content-Type", "application/json"]
      : [
          "Content-Type",
          "application/octet-stream",
          "Inference-Header-Content-Length",
          String(json.byteLength),
        ];
  return [...type, "Server-Timing", timing, ...headers];
}
