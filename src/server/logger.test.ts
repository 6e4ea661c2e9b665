/** Log lines: their formats, where they go, and that nobody can forge one. */
import { strict as check } from "node:assert";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { InferenceError } from "../protocol/errors.ts";
import { createLogger, type Logger, type LoggerOptions } from "./logger.ts";

const folder = mkdtempSync(join(tmpdir(), "shoal-logger-"));
after(() => rmSync(folder, { recursive: true }));

let files = 0;

/** What a logger writes, as the lines of its file. */
function linesOf(options: Partial<LoggerOptions>, use: (log: Logger) => void): string[] {
  files += 1;
  const logFile = join(folder, `${files}.log`);
  const levels = { logInfo: true, logWarning: true, logError: true, logVerbose: 0 };
  use(createLogger({ ...levels, logFormat: "default", jsonLogs: false, ...options, logFile }));
  return readFileSync(logFile, "utf8").split("\n").slice(0, -1);
}

test("the default format names level, time, process and place", () => {
  const [line] = linesOf({}, (log) => log.info("here"));
  const pattern = /^I\d{4} \d\d:\d\d:\d\d\.\d{6} \d+ logger\.test\.[jt]s:\d+\] "here"$/;
  check.match(line!, pattern);
});

test("each level has its letter, and can be switched off", () => {
  const say = (log: Logger): void => {
    log.verbose("v");
    log.info("i");
    log.warning("w");
    log.error("e");
    log.block("b", ["b"]);
  };
  const heads = linesOf({ logVerbose: 1 }, say).map((line) => line[0]);
  check.deepEqual(heads, ["I", "I", "W", "E", "b"]);
  check.equal(linesOf({}, say).length, 4);
  const off = { logInfo: false, logWarning: false, logError: false };
  check.deepEqual(linesOf(off, say), []);
});

test("ISO8601", () => {
  const [line] = linesOf({ logFormat: "ISO8601" }, (log) => log.warning("here"));
  check.match(line!, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ W \d+ .*\] "here"$/);
});

test("fields follow the message", () => {
  const fields = { model: "m", version: 2, requestId: "r" };
  const [line] = linesOf({}, (log) => log.info("failed", fields));
  check.ok(line!.endsWith('"failed (model m, version 2, request r)"'));
});

test("a line of an instance names it, and the requests it is about", () => {
  const at = { model: "m", version: 2, instance: 0 };
  const lines = linesOf({}, (log) => {
    log.info("one", { ...at, requestIds: ["a", "b"], requestCount: 2 });
    log.info("more", { ...at, requestIds: ["a", "b"], requestCount: 30 });
  });
  check.ok(lines[0]?.endsWith('"one (model m, version 2, instance 0, requests a b)"'));
  check.ok(lines[1]?.endsWith('"more (model m, version 2, instance 0, requests a b and 28 more)"'));
});

test("fields that the message has are not said again", () => {
  const fields = { model: "m", version: 1 };
  const lines = linesOf({}, (log) => {
    log.info("loaded model 'm' version 1 in 3 ms", fields);
    log.info("loaded model 'm' version 11", fields);
  });
  check.ok(lines[0]!.endsWith("\"loaded model 'm' version 1 in 3 ms\""));
  check.ok(lines[1]!.endsWith("\"loaded model 'm' version 11 (version 1)\""));
});

test("a message cannot break its line", () => {
  const lines = linesOf({}, (log) => log.info('x"\nE0101 forged', { requestId: "a\nb" }));
  check.equal(lines.length, 1);
  check.ok(lines[0]!.endsWith('"x\\"\\nE0101 forged (request a\\nb)"'));
});

test("an error's stack and its causes follow, indented", () => {
  const error = new Error("outer", { cause: new RangeError("inner") });
  const lines = linesOf({}, (log) => log.error("failed", { error }));
  check.equal(lines[1], "    Error: outer");
  check.ok(lines.some((line) => line.startsWith("    at ")));
  check.ok(lines.includes("    caused by: RangeError: inner"));
});

test("of an error that was made on purpose: what it says, once, and what caused it", () => {
  const cause = new RangeError("inner");
  const error = new InferenceError("INVALID_ARGUMENT", "no such model", { cause });
  const below = (message: string): readonly string[] => {
    const lines = linesOf({}, (log) => log.error(message, { error }));
    return lines.slice(1).filter((line) => !line.startsWith("    at "));
  };
  check.deepEqual(below("failed: no such model"), ["    caused by: RangeError: inner"]);
  check.deepEqual(below("failed"), [
    "    InferenceError: no such model",
    "    caused by: RangeError: inner",
  ]);
});

test("JSON: one object a line, with level, time, fields and stack", () => {
  const say = (log: Logger): void => {
    log.info("first\n", { model: "m", requestId: "r" });
    log.error("second", { error: new Error("why") });
    log.block("title", ["a", "b"]);
  };
  const [first, second, third] = linesOf({ jsonLogs: true }, say).map((line) => JSON.parse(line));
  check.deepEqual(
    { ...first, time: 0 },
    { level: "info", time: 0, pid: process.pid, model: "m", requestId: "r", msg: "first\n" },
  );
  check.ok(Math.abs(first.time - Date.now()) < 60_000);
  check.equal(second.level, "error");
  check.match(second.error.stack, /^Error: why\n +at /);
  check.equal(third.msg, "title\na\nb");
});

test("a log file that cannot be written is told at once", () => {
  const logFile = join(folder, "no", "such", "folder.log");
  const levels = { logInfo: true, logWarning: true, logError: true, logVerbose: 0 };
  check.throws(
    () => createLogger({ ...levels, logFormat: "default", jsonLogs: false, logFile }),
    /'logFile' cannot be written: .*folder\.log/,
  );
});
