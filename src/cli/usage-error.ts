/**
 * Usage error: what was typed cannot be done. Told as one line, without a stack.
 */
import type { OutputConfiguration } from "commander";

export class UsageError extends Error {
  override name = "UsageError";
}

/** Commander puts what one may have meant in a line of its own. */
export const oneLineErrors: OutputConfiguration = {
  outputError: (text, write) => write(`${text.trimEnd().replaceAll("\n", " ")}\n`),
};
