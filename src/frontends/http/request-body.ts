/**
 * Body of a request: its chunks as they came from the socket, within limits.
 *
 * Ends once, with the chunks or with an error. Of a body that is too large nothing more is kept:
 * whoever answers sees to the connection. A caller who leaves is noticed elsewhere (connection.ts).
 * What all callers together have sent, and nobody has taken further yet, has a limit too: else a
 * few hundred who stop in the middle of a body would fill the memory.
 *
 * A body that somebody has read before (a framework that this handler is mounted in) is taken from
 * where such a framework leaves it: `request.body`, if it is bytes.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { finished } from "node:stream";
import type { ByteBudget } from "../../core/byte-budget.ts";
import type { Clock } from "../../core/clock.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import { type HeaderList, HttpError, type HttpErrorOptions, startError } from "./responses.ts";

export interface ReceivedBody {
  readonly chunks: readonly Uint8Array[];
  readonly byteLength: number;
}

export interface BodyPlan {
  readonly maxBodyBytes: number;
  /** Content-Length; undefined: the body comes in chunks, if there is one. */
  readonly announced: string | undefined;
  /** Shared by all bodies of a server. */
  readonly receivedBytes: ByteBudget;
}

/** An error after which the rest of the body is not kept, and the connection ends. */
export class BodyError extends HttpError {
  constructor(code: ErrorCode, message: string, options: HttpErrorOptions = {}) {
    super(code, message, { ...options, headers: ["Connection", "close"] });
  }
}

/** More would cost more than their bytes. */
const maxChunkCount = 65_536;

/** Told once. If the caller leaves in the middle of the body, never. */
type BodyListener = (outcome: ReceivedBody | BodyError) => void;

/** Returns a function to be called once: when the body is no longer held, or is given up. */
export function receiveBody(
  request: IncomingMessage,
  { maxBodyBytes, announced, receivedBytes }: BodyPlan,
  tell: BodyListener,
): () => void {
  if (announced !== undefined && Number(announced) > maxBodyBytes) {
    tell(tooLarge(maxBodyBytes));
    return holdNothing;
  }
  if (request.readableEnded) {
    tell(bodyReadBefore(request));
    return holdNothing;
  }
  let chunks: Uint8Array[] | undefined = [];
  let byteLength = 0;
  let heldBytes = 0;
  const finish = (outcome: ReceivedBody | BodyError): void => {
    chunks = undefined;
    tell(outcome);
  };
  request.on("data", (chunk: Uint8Array) => {
    if (chunks === undefined) return;
    if (byteLength === 0) chunks = [chunk];
    else chunks.push(chunk);
    byteLength += chunk.byteLength;
    if (byteLength > maxBodyBytes) finish(tooLarge(maxBodyBytes));
    else if (chunks.length > maxChunkCount && announced === undefined) finish(tooManyChunks());
    else if (receivedBytes.tryTake(chunk.byteLength)) heldBytes = byteLength;
    else finish(tooMuchAtOnce(receivedBytes));
  });
  request.on("end", () => {
    if (chunks !== undefined) finish({ chunks, byteLength });
  });
  return () => {
    chunks = undefined;
    receivedBytes.giveBack(heldBytes);
  };
}

const holdNothing = (): void => {};

/** How long the rest of a refused body is thrown away, before the connection is. */
const lingerMs = 5000;

/**
 * Tells at once, but closes the connection only when the rest of the body has been read and thrown
 * away: a caller who is still sending might not see the answer otherwise.
 */
export function refuseBody(
  request: IncomingMessage,
  response: ServerResponse,
  error: BodyError,
  { clock, headers }: { readonly clock: Clock; readonly headers: HeaderList },
): void {
  response.write(startError(response, error, headers));
  const cancel = clock.wakeAt(clock.nowMs() + lingerMs, () => request.socket.destroy());
  finished(request, { writable: false }, () => {
    cancel();
    response.end();
  });
  request.resume();
}

function bodyReadBefore(request: IncomingMessage): ReceivedBody | BodyError {
  const { body } = request as { readonly body?: unknown };
  if (body instanceof Uint8Array && body.byteLength > 0) {
    return { chunks: [body], byteLength: body.byteLength };
  }
  const { "content-length": length = "0", "transfer-encoding": coding } = request.headers;
  const wasEmpty = length === "0" && coding === undefined;
  return wasEmpty ? { chunks: [], byteLength: 0 } : alreadyRead();
}

/** The mistake is that of whoever put the frontends together. */
function alreadyRead(): BodyError {
  const why = "the body of this request was read before it came here";
  return new BodyError("INTERNAL", `${why}: mount this handler in front of body parsers`);
}

function tooLarge(maxBodyBytes: number): BodyError {
  const why = `request body exceeds the maximum allowed size of ${maxBodyBytes} bytes.`;
  return new BodyError("INVALID_ARGUMENT", `${why} Use --max-body-size to increase the limit.`, {
    status: 413,
  });
}

function tooMuchAtOnce({ usedBytes, limitBytes }: ByteBudget): BodyError {
  const why = `${usedBytes} of ${limitBytes} bytes for request bodies are in use`;
  return new BodyError("UNAVAILABLE", `the server receives too much at once: ${why}`, {
    retryAfterS: 1,
  });
}

function tooManyChunks(): BodyError {
  return new BodyError(
    "INVALID_ARGUMENT",
    `Chunked request body exceeds maximum of ${maxChunkCount} non-empty chunks. ` +
      "Send fewer or larger HTTP chunks.",
  );
}
