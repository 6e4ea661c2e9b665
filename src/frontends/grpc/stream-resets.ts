/**
 * Stream resets: a connection whose client takes back call after call is ended in peace, before
 * HTTP/2 in Node ends it in its own way.
 *
 * It takes more than 1,000 resets at once, or 33 a second for long, for an attack: then every call
 * on the connection fails, and its socket is never closed. Clients whose deadlines pass in an
 * overload do as much. So shortly before the connection takes no new calls: clients open another
 * one for them, what runs is answered, and resets count no more.
 *
 * Counted is whatever may have been reset: one that comes when a call has ended is seen by nobody.
 */
import type { ServerHttp2Session, ServerHttp2Stream } from "node:http2";

/** That Node takes, and half of what it forgets. */
const mostResets = 1000;
const forgottenPerSecond = 16;

interface Count {
  openStreams: number;
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
    const session = stream.session as ServerHttp2Session | undefined;
    if (session === undefined) return;
    const count = this.#countOf(session);
    count.openStreams += 1;
    stream.once("close", () => {
      count.openStreams -= 1;
      const isReset = stream.rstCode !== 0 || !stream.readableEnded || this.#endedEarly.has(stream);
      if (isReset) count.resets = this.#resetsBy(count) + 1;
    });
    // All that are open may be taken back at once.
    const mayBeReset = count.openStreams + this.#resetsBy(count);
    if (mayBeReset > mostResets && !session.closed) session.close();
  }

  /** Its client is about to take back what has ended. */
  endsEarly(stream: ServerHttp2Stream): void {
    this.#endedEarly.add(stream);
  }

  #countOf(session: ServerHttp2Session): Count {
    const known = this.#counts.get(session);
    if (known !== undefined) return known;
    const count = { openStreams: 0, resets: 0, atMs: this.#nowMs() };
    this.#counts.set(session, count);
    return count;
  }

  /** A second or two late: Node counts whole seconds, and nobody knows where they begin. */
  #resetsBy(count: Count): number {
    const passedS = Math.floor((this.#nowMs() - count.atMs) / 1000) - 1;
    if (passedS > 0) {
      count.resets = Math.max(0, count.resets - passedS * forgottenPerSecond);
      count.atMs += 1000 * passedS;
    }
    return count.resets;
  }
}
