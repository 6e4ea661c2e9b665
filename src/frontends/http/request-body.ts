/**
 * Body of a request: its chunks as they came from the socket, within limits.
 *
 * Ends once, with the chunks or with an error. A body that is too large is not read to its end:
 * whoever answers closes the connection. A caller who leaves in the middle is told as undefined.
 *
 * A body that somebody has read before (a framework that this handler is mounted in) is taken from
 * where such a framework leaves it: `request.body`, if it is bytes.
 */
import type { IncomingMessage } from "node:http";
import { InferenceError } from "../../protocol/errors.ts";

export interface ReceivedBody {
  readonly chunks: readonly Uint8Array[];
  readonly byteLength: number;
}

export interface BodyLimits {
  readonly maxBodyBytes: number;
}

/** An error after which the rest of the body is not read. */
export class BodyError extends InferenceError {
  readonly status: number;

  constructor(status: number, message: string) {
    super("INVALID_ARGUMENT", message);
    this.status = status;
  }
}

/** More would cost more than their bytes. */
const maxChunkCount = 65_536;

type BodyListener = (outcome: ReceivedBody | BodyError | undefined) => void;

export function receiveBody(
  request: IncomingMessage,
  { maxBodyBytes }: BodyLimits,
  tell: BodyListener,
): void {
  const announced = request.headers["content-length"];
  if (announced !== undefined && Number(announced) > maxBodyBytes) {
    tell(tooLarge(maxBodyBytes));
    return;
  }
  if (request.readableEnded) {
    tell(bodyReadBefore(request));
    return;
  }
  const chunks: Uint8Array[] = [];
  let byteLength = 0;
  let isOver = false;
  const end = (outcome: ReceivedBody | BodyError | undefined): void => {
    if (isOver) return;
    isOver = true;
    tell(outcome);
  };
  request.on("data", (chunk: Uint8Array) => {
    if (isOver) return;
    byteLength += chunk.byteLength;
    chunks.push(chunk);
    if (byteLength > maxBodyBytes) end(tooLarge(maxBodyBytes));
    else if (chunks.length > maxChunkCount && announced === undefined) end(tooManyChunks());
  });
  request.once("end", () => end({ chunks, byteLength }));
  request.once("close", () => end(undefined));
}

function bodyReadBefore(request: IncomingMessage): ReceivedBody {
  const { body } = request as { readonly body?: unknown };
  if (!(body instanceof Uint8Array) || body.byteLength === 0) return { chunks: [], byteLength: 0 };
  return { chunks: [body], byteLength: body.byteLength };
}

function tooLarge(maxBodyBytes: number): BodyError {
  const why = `request body exceeds the maximum allowed size of ${maxBodyBytes} bytes.`;
  return new BodyError(413, `${why} Use --max-body-size to increase the limit.`);
}

function tooManyChunks(): BodyError {
  return new BodyError(
    400,
    `Chunked request body exceeds maximum of ${maxChunkCount} non-empty chunks. ` +
      "Send fewer or larger HTTP chunks.",
  );
}
