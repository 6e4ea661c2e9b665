/**
 * Connection: the requests of one socket that have no answer yet, and how they learn that their
 * caller has gone.
 *
 * A socket that closes cancels all of them. One that is only half closed (no more requests will
 * come) may belong to a caller who waits for the answer, or to one who has left: both look alike
 * until something is sent. So after a while something is sent that every client must skip, such as
 * an interim response: if nobody is there, the other side resets the connection. Such probes follow
 * each other at growing distances.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Clock } from "../../core/clock.ts";

/** A request that can be taken back. */
export interface OpenRequest {
  /** Its place in the list of its connection, which alone changes it. */
  place: number;
  cancel(): void;
  /** Sends what is skipped, if anything may be sent now. */
  probe(): void;
}

/** An answer that takes less needs no look. */
const firstProbeMs = 25;

/**
 * A list with places, not a Set: a table that has been outgrown refers to the one that replaced
 * it, so that the collector of young objects would take all that ever was in them for alive.
 */
export class Connection {
  /** Of the request that came last. */
  latest: ServerResponse | undefined = undefined;
  readonly #open: OpenRequest[] = [];
  readonly #clock: Clock;
  #isHalfClosed = false;
  #cancelProbe: () => void = () => {};

  constructor(socket: Socket, clock: Clock) {
    this.#clock = clock;
    socket.once("close", () => this.#cancelAll());
    socket.once("end", () => {
      this.#isHalfClosed = true;
      this.#probeIn(firstProbeMs);
    });
  }

  get openCount(): number {
    return this.#open.length;
  }

  add(request: OpenRequest): void {
    request.place = this.#open.length;
    this.#open.push(request);
    if (this.#isHalfClosed) this.#probeIn(firstProbeMs);
  }

  /** The last one takes its place. */
  delete({ place }: OpenRequest): void {
    const last = this.#open.pop();
    if (last === undefined || place >= this.#open.length) return;
    this.#open[place] = last;
    last.place = place;
  }

  #cancelAll(): void {
    this.#cancelProbe();
    for (const request of [...this.#open]) request.cancel();
  }

  #probeIn(pauseMs: number): void {
    this.#cancelProbe();
    this.#cancelProbe = this.#clock.wakeAt(this.#clock.nowMs() + pauseMs, () => {
      const [first] = this.#open;
      if (first === undefined) return;
      // Of pipelined requests only one is being answered: another's bytes would wait for it.
      if (this.#open.length === 1) first.probe();
      this.#probeIn(2 * pauseMs);
    });
  }
}

const connections = new WeakMap<Duplex, Connection>();

export function connectionOf({ socket }: IncomingMessage, clock: Clock): Connection {
  let connection = connections.get(socket);
  if (connection === undefined) {
    connection = new Connection(socket, clock);
    connections.set(socket, connection);
  }
  return connection;
}

/** Undefined: none has come yet. */
export function latestResponse(socket: Duplex): ServerResponse | undefined {
  return connections.get(socket)?.latest;
}
