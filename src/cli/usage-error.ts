/**
 * Usage error: what was typed cannot be done. Told as one line, without a stack.
 */
import type { OutputConfiguration } from "commander";

export class UsageError extends Error {
  override name = "UsageError";
}

/**
 * Commander puts what one may have meant in a line of its own, and behind an unknown flag its value,
 * which may be a secret.
 */
export const oneLineErrors: OutputConfiguration = {
  outputError: (text, write) => {
    const line = text.trimEnd().replaceAll("\n", " ");
    write(`${line.replace(/(unknown option '--[^=']*)=.*?'(?= \(Did|$)/, "$1'")}\n`);
  },
};
