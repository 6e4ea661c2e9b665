/**
 * Formats of a stream: how one response after another is written as text.
 *
 *   server-sent events    data: {...}          and an empty line
 *   lines of JSON         {...}                one object a line
 *
 * JSON has no line ends in it, so neither needs any escaping. Which one an inference is answered
 * in, its caller says by `Accept`; the stream of generate is always the first.
 */
import { preferred } from "./preferred.ts";

export interface StreamFormat {
  readonly contentType: string;
  readonly before: string;
  readonly after: string;
  /** What a reader skips, between two responses: a comment, or a space before the next line. */
  readonly probe: string;
}

export const serverSentEvents: StreamFormat = {
  contentType: "text/event-stream; charset=utf-8",
  before: "data: ",
  after: "\n\n",
  probe: ":\n\n",
};

const jsonLines: StreamFormat = {
  contentType: "application/x-ndjson",
  before: "",
  after: "\n",
  probe: " ",
};

const formats: ReadonlyMap<string, StreamFormat> = new Map([
  ["text/event-stream", serverSentEvents],
  ["application/x-ndjson", jsonLines],
]);

/** A response by itself, as the protocol has it. */
const wholes: readonly string[] = ["application/json", "application/octet-stream", "*/*"];

/** Undefined: not as a stream. `canBeWhole`: the model gives one response, which may be preferred. */
export function acceptedFormat(
  accept: string | undefined,
  canBeWhole: boolean,
): StreamFormat | undefined {
  // What most clients send means nothing.
  if (accept === undefined || accept === "*/*") return undefined;
  const choice = preferred(accept, (type) => {
    return formats.get(type) ?? (canBeWhole && wholes.includes(type) ? "whole" : undefined);
  });
  return choice === "whole" ? undefined : choice;
}
