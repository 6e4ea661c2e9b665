/**
 * Usage error: what was typed cannot be done. Told as one line, without a stack.
 */
export class UsageError extends Error {
  override name = "UsageError";
}
