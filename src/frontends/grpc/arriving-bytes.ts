/**
 * Arriving bytes: of messages that have begun to arrive and are not complete, counted for all
 * calls of a server together, and with the bodies of HTTP.
 *
 * Else a few hundred clients that stop in the middle of a message would fill the memory. What is
 * complete is grpc-js's for a moment, and then the core's, which has limits of its own. Who goes
 * beyond the budget is refused, and his stream is closed.
 *
 *   | flag (1) | length (4, big-endian) | message | flag | ...
 */
import { constants, type ServerHttp2Stream } from "node:http2";
import type { ByteBudget } from "../../core/byte-budget.ts";
import { InferenceError } from "../../protocol/errors.ts";
import { statusOf } from "./grpc-status.ts";

const prefixBytes = 5;

/** Before anybody else reads from it. */
export function countArrivingBytes(stream: ServerHttp2Stream, budget: ByteBudget): void {
  const bytes = new ArrivingBytes(budget);
  stream.on("data", (chunk: Uint8Array) => {
    if (!bytes.take(chunk)) refuse(stream, budget);
  });
  stream.once("close", () => bytes.letGo());
  // Whoever listens to data starts the flow; that is for grpc-js to do.
  stream.pause();
}

class ArrivingBytes {
  readonly #budget: ByteBudget;
  #heldBytes = 0;
  #isRefused = false;
  /** Of the prefix that has begun. */
  #prefixCount = 0;
  #length = 0;
  /** Of the message that has begun, or is about to. */
  #missingBytes = 0;

  constructor(budget: ByteBudget) {
    this.#budget = budget;
  }

  /** False, once, if that is too much. */
  take(chunk: Uint8Array): boolean {
    if (this.#isRefused) return true;
    const incompleteBytes = this.#read(chunk);
    if (incompleteBytes <= this.#heldBytes)
      this.#budget.giveBack(this.#heldBytes - incompleteBytes);
    else if (!this.#budget.tryTake(incompleteBytes - this.#heldBytes)) {
      this.letGo();
      this.#isRefused = true;
      return false;
    }
    this.#heldBytes = incompleteBytes;
    return true;
  }

  letGo(): void {
    this.#budget.giveBack(this.#heldBytes);
    this.#heldBytes = 0;
  }

  /** Bytes of the last message, if it is not complete. */
  #read(chunk: Uint8Array): number {
    let offset = 0;
    while (offset < chunk.byteLength) {
      if (this.#missingBytes > 0) {
        const count = Math.min(this.#missingBytes, chunk.byteLength - offset);
        this.#missingBytes -= count;
        offset += count;
      } else {
        this.#readPrefix(chunk[offset] ?? 0);
        offset += 1;
      }
    }
    return this.#missingBytes === 0 ? 0 : this.#length - this.#missingBytes;
  }

  #readPrefix(byte: number): void {
    if (this.#prefixCount === 0) this.#length = 0;
    else this.#length = this.#length * 256 + byte;
    this.#prefixCount = (this.#prefixCount + 1) % prefixBytes;
    if (this.#prefixCount === 0) this.#missingBytes = this.#length;
  }
}

function refuse(stream: ServerHttp2Stream, { usedBytes, limitBytes }: ByteBudget): void {
  if (stream.destroyed) return;
  const { headersSent: isAnswering } = stream;
  if (isAnswering) {
    stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    return;
  }
  const why = `${usedBytes} of ${limitBytes} bytes for request bodies are in use`;
  const text = `the server receives too much at once: ${why}`;
  const { code = 0, details = "" } = statusOf(new InferenceError("UNAVAILABLE", text));
  const headers = { ":status": 200, "content-type": "application/grpc+proto" };
  stream.respond(
    { ...headers, "grpc-status": code, "grpc-message": encodeURI(details) },
    { endStream: true },
  );
  // Not in this turn: Node 22 would drop the answer with the stream.
  setImmediate(() => stream.close(constants.NGHTTP2_NO_ERROR));
}
