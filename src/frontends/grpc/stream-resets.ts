/**
 * Stream resets: a connection whose client takes back call after call is ended in peace, before
 * HTTP/2 in Node ends it in its own way.
 *
 * It takes more than 1,000 resets at once, or 33 a second for long, for an attack: then every call
 * on the connection fails, and its socket is never closed. Clients whose deadlines pass in an
 * overload do as much. So earlier than that the connection takes no new calls: clients open another
 * one for them, what runs is answered, and resets count no more.
 *
 * Counted is whatever may have been reset: one that comes when a call has ended is seen by nobody.
 */
import type { ServerHttp2Session, ServerHttp2Stream } from "node:http2";

/** About half of what Node takes. */
const mostAtOnce = 500;
const mostPerSecond = 16;

interface Count {
  resets: number;
  atMs: number;
}

export class StreamResets {
  readonly #nowMs: () => number;
  readonly #counts: WeakMap<ServerHttp2Session, Count> = new WeakMap();
  /** That ended here before they did for their clients. */
  readonly #endedEarly: WeakSet<ServerHttp2Stream> = new WeakSet();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  watch(stream: ServerHttp2Stream): void {
    // A stream that has ended knows it no more.
    const { session } = stream;
    stream.once("close", () => {
      const isReset = stream.rstCode !== 0 || !stream.readableEnded || this.#endedEarly.has(stream);
      if (isReset && session !== undefined) this.#note(session as ServerHttp2Session);
    });
  }

  /** Its client is about to take back what has ended. */
  endsEarly(stream: ServerHttp2Stream): void {
    this.#endedEarly.add(stream);
  }

  #note(session: ServerHttp2Session): void {
    const nowMs = this.#nowMs();
    const count = this.#counts.get(session) ?? { resets: 0, atMs: nowMs };
    const forgotten = ((nowMs - count.atMs) / 1000) * mostPerSecond;
    count.resets = Math.max(0, count.resets - forgotten) + 1;
    count.atMs = nowMs;
    this.#counts.set(session, count);
    if (count.resets >= mostAtOnce && !session.closed) session.close();
  }
}
