/**
 * Event writer: events of a stream onto its socket, few writes for many events, none of them late.
 *
 * What comes in one turn of the event loop is joined, and leaves at the end of that turn; the end
 * of the stream leaves at once. Nothing is written while the socket has not taken what was: so what
 * a reader does not take stays here, at most as much as the model may make without credit. It is
 * cut off when it takes nothing for too long; to take something is to take a piece.
 *
 * Not here: what an event says (stream-answer.ts).
 */
import type { ServerResponse } from "node:http";
import { JsonWriter } from "../../protocol/json-writer.ts";

export interface EventWriterOptions {
  readonly response: ServerResponse;
  /** Infinity: it is waited for without end. */
  readonly stallTimeoutMs: number;
  nowMs(): number;
  wakeAt(atMs: number, wake: () => void): () => void;
  /** So many events have been taken by the socket, which has room for more. */
  left(eventCount: number): void;
  /** The reader takes nothing: nothing more is written. */
  stalled(): void;
  /** After `end`: all has been written. */
  ended(): void;
}

/** A piece that is larger is cut: each that is taken is a sign of life. */
const pieceBytes = 64 * 1024;
/** More than the turn before had: most turns are alike. */
const spareBytes = 256;

export class EventWriter {
  /** Where an event is to be written, as a whole, before `added` is called. */
  turn: JsonWriter = new JsonWriter();
  readonly #options: EventWriterOptions;
  /** To be written; those before `#next` have been. */
  #pieces: Uint8Array[] = [];
  #next = 0;
  /** Not told yet that they have left. */
  #eventCount = 0;
  #willFlush = false;
  #state: "open" | "ending" | "over" = "open";
  /** Since when the socket has had no room; undefined: it has. */
  #fullSinceMs: number | undefined = undefined;
  #isListening = false;
  #cancelWatch: (() => void) | undefined = undefined;

  constructor(options: EventWriterOptions) {
    this.#options = options;
  }

  /** An event has been written to `turn`. */
  added(): void {
    this.#eventCount += 1;
    if (this.#willFlush) return;
    this.#willFlush = true;
    process.nextTick(() => this.#flush());
  }

  /** An event in memory of its own. */
  add(event: Uint8Array): void {
    this.#takeTurn();
    this.#push(event);
    this.added();
  }

  /** Between two events, unless something else is on its way. */
  probe(text: string): void {
    if (this.#state === "open" && this.#fullSinceMs === undefined) {
      this.#options.response.write(text);
    }
  }

  end(): void {
    if (this.#state === "open") this.#state = "ending";
    this.#flush();
  }

  /** Nothing more is written. */
  drop(): void {
    this.#state = "over";
    this.#pieces = [];
    this.#cancelWatch?.();
  }

  #flush(): void {
    this.#willFlush = false;
    if (this.#state !== "over") this.#writeAll();
  }

  #takeTurn(): void {
    const { written } = this.turn;
    if (written.byteLength === 0) return;
    this.turn = new JsonWriter(written.byteLength + spareBytes);
    this.#push(written);
  }

  #push(bytes: Uint8Array): void {
    for (let start = 0; start < bytes.byteLength; start += pieceBytes) {
      this.#pieces.push(bytes.subarray(start, start + pieceBytes));
    }
  }

  /** As much as there is room for, this turn's events too: they are counted with the others. */
  #writeAll(): void {
    const { response } = this.#options;
    this.#takeTurn();
    while (this.#fullSinceMs === undefined && this.#next < this.#pieces.length) {
      const piece = this.#pieces[this.#next];
      this.#next += 1;
      const isLast = this.#state === "ending" && this.#next === this.#pieces.length;
      if (isLast) this.#finish(piece);
      else if (!response.write(piece)) this.#isFull();
    }
    if (this.#fullSinceMs === undefined) this.#allLeft();
  }

  #allLeft(): void {
    this.#pieces = [];
    this.#next = 0;
    if (this.#state === "ending") this.#finish(undefined);
    if (this.#state === "over" || this.#eventCount === 0) return;
    const eventCount = this.#eventCount;
    this.#eventCount = 0;
    this.#options.left(eventCount);
  }

  /** The last piece goes in one write with the end of the body. */
  #finish(last: Uint8Array | undefined): void {
    const { response, ended } = this.#options;
    this.drop();
    ended();
    response.end(last);
  }

  #isFull(): void {
    const { response, nowMs } = this.#options;
    this.#fullSinceMs = nowMs();
    if (!this.#isListening) response.on("drain", () => this.#hasRoom());
    this.#isListening = true;
    this.#watch();
  }

  #hasRoom(): void {
    if (this.#state === "over") return;
    this.#fullSinceMs = undefined;
    this.#writeAll();
  }

  /** One look for many waits: most of them are short. */
  #watch(): void {
    const { stallTimeoutMs, wakeAt } = this.#options;
    if (this.#fullSinceMs === undefined || stallTimeoutMs === Number.POSITIVE_INFINITY) return;
    this.#cancelWatch ??= wakeAt(this.#fullSinceMs + stallTimeoutMs, () => {
      this.#cancelWatch = undefined;
      this.#look();
    });
  }

  #look(): void {
    const { response, stallTimeoutMs, nowMs, stalled } = this.#options;
    if (this.#fullSinceMs === undefined) return;
    // Behind the answer to an earlier request on its connection nobody can take anything.
    if (response.socket === null) this.#fullSinceMs = nowMs();
    if (nowMs() < this.#fullSinceMs + stallTimeoutMs) this.#watch();
    else stalled();
  }
}
