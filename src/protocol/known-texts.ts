/**
 * Known texts: names, keys and datatypes come again with every request, so they are not made again.
 *
 * A table in which each text has one place, decided by its bytes. Who comes to a place that is
 * taken replaces what is there: what is in the table is a matter of speed only, and whoever sends
 * ever new texts fills no memory.
 */
const placeCount = 1024;

const texts: string[] = Array.from({ length: placeCount }, () => "");

/** Longer ones are seldom the same. */
export const longestKnownText = 32;

/** Of bytes that are ASCII, at most `longestKnownText`. */
export function knownText(bytes: Uint8Array, from: number, to: number): string {
  const place = placeOf(bytes, from, to);
  const known = texts[place] ?? "";
  if (isText(known, bytes, from, to)) return known;
  let text = "";
  for (let index = from; index < to; index += 1) text += String.fromCharCode(bytes[index] ?? 0);
  texts[place] = text;
  return text;
}

function placeOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0;
  for (let index = from; index < to; index += 1) {
    hash = Math.imul(hash, 0x0100_0193) ^ (bytes[index] ?? 0);
  }
  return (hash ^ (hash >>> 16)) & (placeCount - 1);
}

function isText(text: string, bytes: Uint8Array, from: number, to: number): boolean {
  const { length } = text;
  if (length !== to - from) return false;
  for (let index = 0; index < length; index += 1) {
    if (text.charCodeAt(index) !== bytes[from + index]) return false;
  }
  return true;
}
