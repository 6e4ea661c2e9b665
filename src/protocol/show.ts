/** Values in error messages. */

/** Short enough for one line, and never the contents of an object. */
export function show(value: unknown): string {
  if (typeof value === "string") {
    return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  }
  if (typeof value === "bigint") return `${value}n`;
  if (Array.isArray(value)) return showList(value);
  if (typeof value === "function") return "a function";
  if (typeof value === "object" && value !== null) return "an object";
  return String(value);
}

function showList(list: readonly unknown[]): string {
  const shown = list.slice(0, 10).map(show);
  if (list.length > shown.length) shown.push("...");
  return `[${shown.join(", ")}]`;
}
