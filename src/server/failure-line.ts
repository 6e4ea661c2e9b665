/**
 * Failure line: what keeps a program from starting, told in one line: the message, and where it is
 * not our own doing also the place in the user's file.
 *
 * Not here: the log, which has the stack (logger.ts).
 */
import { fileURLToPath } from "node:url";

const ownFolder = new URL("..", import.meta.url);

/** Frames that say nothing of the user's code. */
const foreign = [
  ownFolder.href,
  fileURLToPath(ownFolder),
  "node:",
  "/node_modules/",
  "<anonymous>",
];

export function failureLine(error: unknown): string {
  if (error instanceof AggregateError)
    return (error.errors as readonly unknown[]).map(failureLine).join("; ");
  const lines = messageOf(error).split("\n");
  const message = lines.map((line) => line.trim()).filter((line) => line !== "");
  // Several mistakes of one model; otherwise lines of one message.
  const separator = message.every((line) => line.startsWith("model '")) ? "; " : " ";
  const place = placeOf(error);
  return `${message.join(separator)}${place === undefined ? "" : ` (${place})`}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** `at setup (file:///home/me/model.mjs:5:11)`, of the error or of what caused it. */
function placeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const frames = (error.stack ?? "").split("\n").map((line) => line.trim().replaceAll("\\", "/"));
  const isTheirs = (frame: string): boolean =>
    /^at .*:\d+:\d+\)?$/.test(frame) && !foreign.some((part) => frame.includes(part));
  return frames.find(isTheirs) ?? placeOf(error.cause);
}
