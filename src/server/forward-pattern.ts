/**
 * Pattern of headers that are forwarded to models: a regular expression that a user wrote, for names
 * in any case.
 */

/** Undefined: nothing is meant. It matches none of the names in `except`, such as those of tokens. */
export function toPattern(text: string, except: readonly string[] = []): RegExp | undefined {
  if (text === "") return undefined;
  if (except.length === 0) return new RegExp(text, "i");
  const names = except.map((name) => name.replace(/[^\w-]/g, "\\$&")).join("|");
  return new RegExp(`^(?!(?:${names})$).*?(?:${text})`, "i");
}

export function isPattern(text: string): boolean {
  try {
    toPattern(text);
    return true;
  } catch {
    return false;
  }
}
