/**
 * Coverage: how often each kind of event has happened, over all runs.
 *
 * A simulation in which nothing interesting happens proves nothing. So the oracle counts what it
 * sees, and the test demands that nothing is missing.
 */
const eventKinds = [
  // What the workload does.
  "request",
  "burst",
  "flood",
  "crowd leaves",
  "model unknown",
  "version not ready",
  "no version ready",
  "request invalid",
  "server stopping",
  "call while stopping",
  "model gone while stopping",
  "server stopped",
  "cancel waiting",
  "cancel waiting rows",
  "cancel makes others ready",
  "cancel running",
  "cancel held back",
  "cancel ended",
  "cancel streaming",
  "cancel untaken",
  "take waiting",
  "take ended",
  "take some",
  "take all",
  "take late",
  "take more than given",
  "take held back",
  "take after the execution",
  "caller takes",
  "caller throws",
  "caller cancels",
  "caller sends",
  "caller unloads",
  "caller cancels its stream",
  "event loop blocked",
  "load",
  "load while there",
  "load while stopping",
  "source fails",
  "source gives up",
  "unload idle",
  "unload busy",
  "unload while loading",
  "unload while resolving",
  "unload as soon as ready",
  "unload while unloading",
  "unload what failed",
  "unload what is not there",
  "drain idle",
  "drain busy",
  "drain while resolving",
  "drain while loading",
  "drain twice",
  "abandon",
  "abandon at once",
  "abandon held back",
  // What the scheduler does.
  "level full",
  "queue full",
  "bytes full",
  "out of time waiting",
  "out of time running",
  "out of time streaming",
  "out of time untaken",
  "out of time at arrival",
  "time over while instances load",
  "expired",
  "delayed",
  "patience overridden",
  "patience overridden in its level",
  "left delayed",
  "batch spans levels",
  "batch joins",
  "priority overtakes",
  "rows leave before others",
  "rows of the next do not fit",
  "preferred before its delay",
  "preferred leaves others waiting",
  "delay without a preferred size",
  "closed full",
  "closed preferred",
  "closed delay",
  "closed shape",
  "closed no_delay",
  "longest free of several",
  "longest free of those that run",
  "least busy of several",
  "held back",
  "held back for another instance",
  "stream held back",
  // What instances do.
  "answered at once",
  "answered early",
  "answered inside an abort",
  "answered inside a credit",
  "stream",
  "streams together",
  "stream runs ahead",
  "stream ends without a word",
  "stream fails",
  "stream fails at the end",
  "stream falls silent",
  "stream is longer than the limit",
  "reader is slower than the limit",
  "leaves responses untaken",
  "empty response",
  "torrent",
  "batches side by side",
  "batch overtakes",
  "request failed",
  "request forgotten",
  "execution failed",
  "execute throws",
  "answered twice",
  "answered nobody",
  "answered after the end",
  "times off",
  "instance loaded again",
  "crash idle",
  "crash running",
  "crash with several batches",
  "crash while loading",
  "crash while stopping",
  "stop while dead",
  "ended unasked",
  "crash for good",
  "hangs loading",
  "hangs running",
  "hangs stopping",
  "hangs with several batches",
  "stop with several batches",
  "abandon with several batches",
  "ended when abandoned",
  "too many hang",
  "heard after abandon",
  "aborted execution ends",
  "load failed",
  "out of service refuses",
] as const;

export type EventKind = (typeof eventKinds)[number];

export class Coverage {
  readonly #counts = new Map<EventKind, number>();

  count(kind: EventKind): void {
    this.#counts.set(kind, this.of(kind) + 1);
  }

  of(kind: EventKind): number {
    return this.#counts.get(kind) ?? 0;
  }

  missing(): readonly EventKind[] {
    return eventKinds.filter((kind) => this.of(kind) === 0);
  }

  /** One line per kind, the rarest first. */
  text(): string {
    return [...eventKinds]
      .sort((one, other) => this.of(one) - this.of(other))
      .map((kind) => `${this.of(kind).toString().padStart(9)} ${kind}`)
      .join("\n");
  }
}
