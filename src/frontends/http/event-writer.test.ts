/**
 * Event writer against a socket that is full, drains and stalls at random: all arrives in order,
 * nothing is written to a full socket, and credit is told for what has left, no more and no less.
 */
import { strict as check } from "node:assert";
import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import test from "node:test";
import fc from "fast-check";
import { VirtualClock } from "../../testing/virtual-clock.ts";
import { EventWriter } from "./event-writer.ts";

const stallTimeoutMs = 1000;

/** Takes what is written, and is full whenever the test says so. */
class Socket extends EventEmitter {
  /** Of a response that is the next to be answered. */
  socket: object | null = {};
  isFull = false;
  hasEnded = false;
  willBeFull = false;
  readonly received: Buffer[] = [];

  write(bytes: Uint8Array | string): boolean {
    check.equal(this.isFull, false, "nothing is written to a full socket");
    check.equal(this.hasEnded, false);
    check.ok(bytes.length > 0 && bytes.length <= 64 * 1024);
    this.received.push(Buffer.from(bytes as string));
    this.isFull = this.willBeFull;
    return !this.isFull;
  }

  end(bytes?: Uint8Array): void {
    if (bytes !== undefined) this.write(bytes);
    this.hasEnded = true;
  }

  drain(): void {
    if (!this.isFull) return;
    this.isFull = false;
    this.emit("drain");
  }

  get bytes(): Buffer {
    return Buffer.concat(this.received);
  }
}

class Stage {
  readonly clock = new VirtualClock();
  readonly socket = new Socket();
  readonly said: Buffer[] = [];
  leftCount = 0;
  stallCount = 0;
  endCount = 0;
  readonly writer: EventWriter = new EventWriter({
    response: this.socket as unknown as ServerResponse,
    stallTimeoutMs,
    nowMs: () => this.clock.nowMs(),
    wakeAt: (atMs, wake) => this.clock.wakeAt(atMs, wake),
    left: (eventCount) => {
      this.leftCount += eventCount;
    },
    stalled: () => {
      this.stallCount += 1;
      this.writer.drop();
    },
    ended: () => {
      this.endCount += 1;
    },
  });

  /** An event of one letter, so often. */
  say(size: number): void {
    this.writer.turn.text(this.#next(size).toString());
    this.writer.added();
  }

  /** The same in memory of its own. */
  add(size: number): void {
    this.writer.add(this.#next(size));
  }

  #next(size: number): Buffer {
    const event = Buffer.alloc(size, 97 + (this.said.length % 26));
    this.said.push(event);
    return event;
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What may happen. Whoever waits takes something before the time is up. */
const steps: Readonly<Record<string, (stage: Stage, size: number) => void | Promise<void>>> = {
  say: (stage, size) => stage.say(size),
  add: (stage, size) => stage.add(size),
  turn: () => nextTurn(),
  drain: ({ socket }) => socket.drain(),
  fillOrNot: ({ socket }) => {
    socket.willBeFull = !socket.willBeFull;
  },
  wait: ({ socket, clock }, size) => {
    socket.drain();
    clock.advance(size % stallTimeoutMs);
  },
};

test("whatever the socket does, all arrives in order and is credited once", async () => {
  const step = fc.tuple(
    fc.constantFrom(...Object.keys(steps)),
    fc.integer({ min: 1, max: 200_000 }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (plan) => {
      const stage = new Stage();
      const { socket } = stage;
      for (const [name, size] of plan) {
        await steps[name]?.(stage, size);
        const { leftCount, said } = stage;
        // What has left was written, and the socket had room behind it.
        const leftBytes = Buffer.concat(said.slice(0, leftCount)).byteLength;
        check.ok(socket.bytes.byteLength >= leftBytes);
      }
      stage.writer.end();
      while (stage.endCount === 0) socket.drain();
      check.deepEqual(socket.bytes, Buffer.concat(stage.said));
      check.deepEqual([stage.endCount, stage.stallCount, socket.hasEnded], [1, 0, true]);
      check.equal(stage.clock.nextWakeMs(), Number.POSITIVE_INFINITY, "no timer is left");
    }),
  );
});

test("credit comes when there is room again, for all that has left", async () => {
  const stage = new Stage();
  stage.say(1);
  stage.add(70_000);
  check.equal(stage.leftCount, 0);
  await nextTurn();
  check.equal(stage.leftCount, 2);
  stage.socket.willBeFull = true;
  stage.add(100_000);
  await nextTurn();
  for (const leftCount of [2, 2, 3]) {
    check.equal(stage.leftCount, leftCount);
    stage.socket.drain();
  }
});

test("an event that comes in the turn of a drain is not credited before it has left", async () => {
  const stage = new Stage();
  const { socket } = stage;
  socket.willBeFull = true;
  stage.say(1);
  await nextTurn();
  stage.say(1);
  socket.drain();
  check.deepEqual([stage.leftCount, socket.received.length], [0, 2]);
  socket.willBeFull = false;
  socket.drain();
  check.equal(stage.leftCount, 2);
});

test("the events of a turn are one write, at the end of that turn", async () => {
  const stage = new Stage();
  const { socket } = stage;
  for (const size of [1, 2, 1]) {
    stage.say(size);
    await Promise.resolve();
  }
  check.equal(socket.received.length, 0);
  await nextTurn();
  check.deepEqual(socket.received.map(String), ["abbc"]);
});

test("the end leaves at once, in one write with what was not sent yet", () => {
  const stage = new Stage();
  stage.say(1);
  stage.writer.end();
  check.deepEqual(stage.socket.received.map(String), ["a"]);
  check.deepEqual([stage.endCount, stage.socket.hasEnded], [1, true]);
});

test("a reader stalls after the timeout, counted from what he took last", async () => {
  const stage = new Stage();
  const { socket, clock } = stage;
  socket.willBeFull = true;
  stage.say(1);
  await nextTurn();
  clock.advance(stallTimeoutMs - 1);
  stage.say(1);
  await nextTurn();
  socket.drain();
  check.deepEqual(socket.received.map(String), ["a", "b"]);
  clock.advance(stallTimeoutMs - 1);
  check.equal(stage.stallCount, 0);
  clock.advance(1);
  check.equal(stage.stallCount, 1);
  stage.say(1);
  await nextTurn();
  clock.advance(10 * stallTimeoutMs);
  check.deepEqual([stage.stallCount, socket.received.length], [1, 2]);
});

test("while it is another's turn on the connection nobody stalls", async () => {
  const stage = new Stage();
  const { socket, clock } = stage;
  socket.willBeFull = true;
  socket.socket = null;
  stage.say(1);
  await nextTurn();
  clock.advance(10 * stallTimeoutMs);
  check.equal(stage.stallCount, 0);
  socket.socket = {};
  clock.advance(2 * stallTimeoutMs);
  check.equal(stage.stallCount, 1);
});

test("a probe waits for nothing, and is left out where it could not go", async () => {
  const stage = new Stage();
  const { socket, writer } = stage;
  writer.probe(":");
  check.deepEqual(socket.received.map(String), [":"]);
  socket.willBeFull = true;
  stage.say(1);
  await nextTurn();
  writer.probe(":");
  check.deepEqual(socket.received.map(String), [":", "a"]);
  writer.drop();
  writer.probe(":");
  check.equal(socket.received.length, 2);
});
