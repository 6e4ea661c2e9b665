/** Stream resets: which calls count, how many are too many, and how fast they are forgotten. */
import { strict as check } from "node:assert";
import { EventEmitter } from "node:events";
import type { ServerHttp2Stream } from "node:http2";
import test from "node:test";
import { StreamResets } from "./stream-resets.ts";

class Session {
  closed = false;

  close(): void {
    check.equal(this.closed, false);
    this.closed = true;
  }
}

type End = "well" | "reset" | "unread" | "early here";

class Connection {
  nowMs = 0;
  readonly session: Session = new Session();
  readonly #resets: StreamResets = new StreamResets(() => this.nowMs);

  opens(end: End): EventEmitter {
    const rstCode = end === "reset" ? 8 : 0;
    const parts = { session: this.session, rstCode, readableEnded: end !== "unread" };
    const events = new EventEmitter();
    const stream = Object.assign(events, parts) as unknown as ServerHttp2Stream;
    this.#resets.watch(stream);
    if (end === "early here") this.#resets.endsEarly(stream);
    return events;
  }

  /** So many calls, one after another. */
  carries(count: number, end: End, everyMs = 0): void {
    for (let left = count; left > 0; left -= 1) {
      this.nowMs += everyMs;
      this.opens(end).emit("close");
    }
  }
}

for (const end of ["reset", "unread", "early here"] as const) {
  test(`calls that end: ${end}`, () => {
    const connection = new Connection();
    connection.carries(1000, end);
    check.equal(connection.session.closed, false);
    connection.carries(100, end);
    check.equal(connection.session.closed, true);
  });
}

test("within a second nothing is forgotten", () => {
  const connection = new Connection();
  connection.carries(1000, "reset", 0.9);
  check.equal(connection.session.closed, false);
  connection.opens("well");
  check.equal(connection.session.closed, true);
});

test("what is open may be reset as well", () => {
  const connection = new Connection();
  connection.carries(400, "reset");
  const open = Array.from({ length: 600 }, () => connection.opens("well"));
  check.equal(connection.session.closed, false);
  for (const events of open.slice(1)) events.emit("close");
  connection.carries(599, "well");
  check.equal(connection.session.closed, false);
  connection.carries(600, "reset");
  check.equal(connection.session.closed, true);
});

test("calls that end well, however many", () => {
  const connection = new Connection();
  connection.carries(5000, "well");
  check.equal(connection.session.closed, false);
});

test("few a second, for long, and then many", () => {
  const connection = new Connection();
  connection.carries(5000, "reset", 63);
  check.equal(connection.session.closed, false);
  connection.carries(1000, "reset");
  check.equal(connection.session.closed, true);
});
