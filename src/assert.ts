/**
 * Assertion for our own bugs: never for bad input, which gets an InferenceError.
 */
export function assert(condition: unknown, why: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${why}`);
}
