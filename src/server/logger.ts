/**
 * Logger: writes what the server has to say as lines, for people, scripts and log collectors.
 *
 *   default   I0423 18:25:25.123456 4242 server.js:81] "Started HTTPService at 0.0.0.0:8000"
 *   ISO8601   2026-04-23T18:25:25Z I 4242 server.js:81] "..."
 *   JSON      {"level":"info","time":...,"model":"m","msg":"..."}   by pino, loaded only for this
 *
 * The first two are Triton's formats, message in quotes and escaped as JSON: nobody can forge a
 * line by what he sends. Info and verbose go to stdout, warnings and errors to stderr; with a log
 * file everything goes to it instead of stdout and stderr. An error's stack follows its line,
 * indented, unless it was made on purpose.
 *
 * Not here: what is worth a line.
 */
import { appendFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Log, LogFields } from "../core/log.ts";
import { InferenceError } from "../protocol/errors.ts";
import { tolerateClosedReaders } from "./closed-readers.ts";

export type LogFormat = "default" | "ISO8601";

export interface LoggerOptions {
  readonly logInfo: boolean;
  readonly logWarning: boolean;
  readonly logError: boolean;
  /** 0: no verbose lines. */
  readonly logVerbose: number;
  readonly logFormat: LogFormat;
  /** Empty: to stdout and stderr. */
  readonly logFile: string;
  readonly jsonLogs: boolean;
}

export interface Logger extends Log {
  /** Several lines that belong together, such as a table: at level info, as they are. */
  block(title: string, lines: readonly string[]): void;
}

type Level = "verbose" | "info" | "warning" | "error";
type Write = (level: Level, line: string) => void;

/** Writes one entry. `place` is a function of the logger: its caller's caller is named. */
type Sink = (level: Level, message: string, fields: LogFields, place: () => string) => void;

const letters: Readonly<Record<Level, string>> = {
  verbose: "I",
  info: "I",
  warning: "W",
  error: "E",
};

export function createLogger(options: LoggerOptions): Logger {
  const write = options.logFile === "" ? terminalWriter() : writeToFile(options.logFile);
  const sink = options.jsonLogs ? jsonSink(write) : textSink(write, options.logFormat);
  const isOn: Readonly<Record<Level, boolean>> = {
    verbose: options.logVerbose > 0,
    info: options.logInfo,
    warning: options.logWarning,
    error: options.logError,
  };
  const enter = (level: Level): Log["info"] => {
    const log = (message: string, fields: LogFields = {}): void => {
      if (isOn[level]) sink(level, message, fields, () => callerOf(log));
    };
    return log;
  };
  return {
    verbose: enter("verbose"),
    info: enter("info"),
    warning: enter("warning"),
    error: enter("error"),
    block: (title, lines) => {
      if (!isOn.info) return;
      if (options.jsonLogs) sink("info", [title, ...lines].join("\n"), {}, () => "");
      else write("info", `${lines.join("\n")}\n`);
    },
  };
}

function textSink(write: Write, format: LogFormat): Sink {
  const stamp = format === "default" ? stampDefault : stampIso;
  return (level, message, fields, place) => {
    const head = stamp(letters[level], new Date());
    const text = JSON.stringify(message + describe(fields, message));
    write(level, `${head} ${place()}] ${text}\n${stackOf(fields.error, message)}`);
  };
}

function jsonSink(write: Write): Sink {
  const { pino } = createRequire(import.meta.url)("pino") as typeof import("pino");
  let level: Level = "info";
  const logger = pino(
    {
      base: { pid: process.pid },
      level: "verbose",
      customLevels: { verbose: 20, info: 30, warning: 40, error: 50 },
      useOnlyCustomLevels: true,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: pino.stdSerializers.err },
      errorKey: "error",
    },
    { write: (line) => write(level, line) },
  );
  return (entryLevel, message, fields) => {
    level = entryLevel;
    logger[entryLevel](fields, message);
  };
}

function terminalWriter(): Write {
  tolerateClosedReaders();
  return (level, line) => {
    const stream = level === "warning" || level === "error" ? process.stderr : process.stdout;
    stream.write(line);
  };
}

/** Synchronous, so that the last lines before an end are there. Fails at once if it cannot. */
function writeToFile(path: string): Write {
  try {
    appendFileSync(path, "");
  } catch (error) {
    throw new TypeError(`'logFile' cannot be written: ${String(error)}`, { cause: error });
  }
  return (_level, line) => appendFileSync(path, line);
}

/** `I0423 18:25:25.123456 4242`. */
function stampDefault(letter: string, now: Date): string {
  const iso = now.toISOString();
  const micros = Math.floor((performance.now() * 1000) % 1000)
    .toString()
    .padStart(3, "0");
  return `${letter}${iso.slice(5, 7)}${iso.slice(8, 10)} ${iso.slice(11, 23)}${micros} ${process.pid}`;
}

/** `2026-04-23T18:25:25Z I 4242`. */
function stampIso(letter: string, now: Date): string {
  return `${now.toISOString().slice(0, 19)}Z ${letter} ${process.pid}`;
}

/** What the message does not say itself. */
function describe(of: LogFields, message: string): string {
  const { model, version, instance, requestId, requestIds, requestCount = 0, error } = of;
  const fields: string[] = [];
  if (model !== undefined && !message.includes(`'${model}'`)) fields.push(`model ${model}`);
  const isToldVersion = new RegExp(`\\bversion ${version}\\b`).test(message);
  if (version !== undefined && !isToldVersion) fields.push(`version ${version}`);
  if (instance !== undefined) fields.push(`instance ${instance}`);
  if (requestId !== undefined && requestId !== "") fields.push(`request ${requestId}`);
  if (requestIds !== undefined) {
    const moreCount = requestCount - requestIds.length;
    const more = moreCount > 0 ? ` and ${moreCount} more` : "";
    fields.push(`requests ${requestIds.join(" ")}${more}`);
  }
  if (error !== undefined && !(error instanceof Error)) fields.push(String(error));
  return fields.length === 0 ? "" : ` (${fields.join(", ")})`;
}

/**
 * The stack of an error and of what caused it, one line a frame. An InferenceError was made on
 * purpose: what it says counts, if `message` does not say it, and not where it was made.
 */
function stackOf(error: unknown, message: string): string {
  const lines: string[] = [];
  let depth = 0;
  for (let at = error; at instanceof Error && depth < 5; at = at.cause) {
    const isSaid = at instanceof InferenceError;
    if (!isSaid || !message.includes(at.message.trim())) {
      const head = `${at.name}: ${at.message}`;
      const stack = (isSaid ? head : (at.stack ?? head)).split(/[\r\n]+/);
      lines.push(...(depth === 0 ? stack : [`caused by: ${stack[0]}`, ...stack.slice(1)]));
    }
    depth += 1;
  }
  return lines.map((line) => `    ${line.trim()}\n`).join("");
}

/** File and line that called `log`: one frame, so that it costs microseconds. */
function callerOf(log: (message: string) => void): string {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = 1;
  const holder: { stack?: string } = {};
  Error.captureStackTrace(holder, log);
  Error.stackTraceLimit = before;
  const place = /([^/\\(\s]+:\d+):\d+\)?$/.exec(holder.stack ?? "");
  return place?.[1] ?? "shoal:0";
}
