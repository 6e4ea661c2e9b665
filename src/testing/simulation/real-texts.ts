/**
 * What the core says, as one compares it: texts of the protocol are kept to the letter, texts of
 * ours are told by their kind in brackets, whatever their wording.
 */
import type { InferenceError } from "../../protocol/errors.ts";
import type { InferResponse } from "../../protocol/infer.ts";

const kinds: readonly (readonly [RegExp, string])[] = [
  [/^Request cancelled$/, "(cancelled)"],
  [/^Deadline Exceeded$/, "(out of time)"],
  [/^model '[^']*' is out of service: more than \d+ of its instances hang; .*$/, "(too many hang)"],
  [/^model '[^']*' did not load within \S+ ms \(limits.loadTimeoutMs\)$/, "(did not load in time)"],
  [
    /^model '[^']*' did not answer within \S+ ms \(limits.executionTimeoutMs\)$/,
    "(did not answer in time)",
  ],
  [/^model '[^']*' did not stop within \S+ ms \(limits.loadTimeoutMs\)$/, "(did not stop in time)"],
  [/^an instance of model '[^']*' ended$/, "(ended unasked)"],
  [/^model '[^']*' ended an execution without answering this request$/, "(forgotten)"],
  [/^model '[^']*' was unloaded while it was loading$/, "(unloaded while it loaded)"],
  [
    /^model '[^']*' version \d+ is there already \((?:[A-Z]+|out of service: unbind it first)\)$/,
    "(already there)",
  ],
  [/^model '[^']*' version \d+ is being loaded anew already$/, "(already coming)"],
  [/^unexpected inference output .*$/, "(invalid)"],
  [/: \d+ of \d+ bytes for waiting inputs are in use$/, " (bytes)"],
  [/^instance of model '[^']*' misbehaves: .*$/, "an instance misbehaves"],
  [/^the receiver of an answer failed$/, "a receiver failed"],
  [/^(instance \d+) of model '[^']*' is lost and starts again$/, "$1 is lost"],
  [/^model '[^']*' version \d+ is out of service, and nothing starts it again$/, "out of service"],
  [/^model '[^']*' version \d+ failed to load: .*$/, "a load failed"],
];

export function textOf(message: string): string {
  const known = kinds.find(([pattern]) => pattern.test(message));
  return known === undefined ? message : message.replace(known[0], known[1]);
}

/** As the index tells it: the kind of error, then its text. */
export function reasonText(reason: string): string {
  const [, kind, message] = /^([A-Z][a-z ]+: )(.*)$/s.exec(reason) ?? [];
  return kind === undefined ? reason : kind + textOf(message ?? "");
}

export function errorText({ code, message, retryAfterS }: InferenceError): string {
  return `fails ${code} ${textOf(message)}${retryAfterS === undefined ? "" : ", worth retrying"}`;
}

export function responseText(response: InferResponse, isFinal: boolean): string {
  const { parameters, timing, outputs } = response;
  const part = parameters["part"];
  const { queueMs, batchMs, computeMs, outputMs } = timing;
  const lengths = [queueMs, batchMs, computeMs, outputMs].map(lengthText).join("+");
  const what = part === undefined ? "its response" : `part ${part}`;
  const empty = outputs.length === 0 ? " without outputs" : "";
  return `gets ${what}${empty}${isFinal ? ", the last" : ""} ${lengths}`;
}

/** Whoever waits for another's answer gets his lengths by subtraction: they may be a little off. */
function lengthText(ms: number): string {
  return String(Math.round(ms * 1e6) / 1e6);
}
