/**
 * JSON that loses nothing: integers beyond 2^53 are bigint both ways, and NaN and the infinities,
 * which this protocol has, are numbers.
 *
 * What JSON.parse cannot read is put into marked strings first, and only where a text has such
 * things: all else is as fast as JSON.parse. JSON.stringify the other way round.
 *
 * Not here: the server's codec, which reads tensors from bytes (protocol/json-reader.ts).
 */

/** Begins no text that means anything. */
const mark = "\u0000";

/** A string, to be passed over; or what JSON.parse cannot read. */
const unreadable =
  /"(?:[^"\\]|\\.)*"|(?<![\d.eE+-])-?\d{16,}(?![\d.eE])|-?\b(?:Infinity|Inf|NaN)\b/g;

const mayNeedHelp = /\d{16}|\b(?:NaN|Inf)/;

/** Throws a SyntaxError. */
export function parseExactJson(text: string): unknown {
  if (!mayNeedHelp.test(text)) return JSON.parse(text);
  const marked = text.replace(unreadable, (token) => {
    return token.startsWith('"') ? token : `"\\u0000${token}"`;
  });
  return JSON.parse(marked, (_key, value: unknown) => {
    return typeof value === "string" && value.startsWith(mark) ? numberOf(value.slice(1)) : value;
  });
}

export function writeExactJson(value: unknown): string {
  let isMarked = false;
  const text = JSON.stringify(value, (_key, each: unknown) => {
    const isExact =
      typeof each === "bigint" || (typeof each === "number" && !Number.isFinite(each));
    if (!isExact) return each;
    isMarked = true;
    return `${mark}${each}`;
  });
  return isMarked ? text.replace(/"\\u0000([^"]*)"/g, "$1") : text;
}

function numberOf(token: string): number | bigint {
  if (/\d/.test(token)) {
    const value = BigInt(token);
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
  return Number(token.replace(/Inf$/, "Infinity"));
}
