/**
 * The text is not JSON: why, in RapidJSON's words, and at which byte.
 */
export class JsonSyntaxError extends Error {
  override name = "JsonSyntaxError";

  constructor(reason: string, offset: number) {
    super(`${reason} at ${offset}`);
  }
}
