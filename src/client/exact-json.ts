/**
 * JSON that loses nothing: integers beyond 2^53 are bigint both ways, and NaN and the infinities,
 * which this protocol has, are numbers.
 *
 * What JSON.parse cannot read is put into marked strings first, and only where a text has such
 * things: all else is as fast as JSON.parse. JSON.stringify the other way round.
 *
 * Not here: the server's codec, which reads tensors from bytes (protocol/json-reader.ts).
 */

/** Begins what is no text in truth. A text that begins with it has it twice meanwhile; no key has. */
const mark = "\u0000";

/** As JSON writes it. */
const markedStart = '"\\u0000';

/**
 * A string, to be passed over, or a key; or what JSON.parse cannot read. A string that has no end
 * goes to the end of the text, so that nothing is gone through twice.
 */
const unreadable =
  /"[^"\\]*(?:\\[\s\S]?[^"\\]*)*(?:"(\s*:)?|$)|(?<![\d.eE+-])-?\d{16,99}(?![\d.eE])|-?\b(?:Infinity|Inf|NaN)\b/g;

const mayNeedHelp = /\d{16}|\b(?:NaN|Inf)/;

/** Throws a SyntaxError. */
export function parseExactJson(text: string): unknown {
  if (!mayNeedHelp.test(text)) return JSON.parse(text);
  const marked = text.replace(unreadable, (token, colon?: string) => {
    if (!token.startsWith('"')) return `${markedStart}${token}"`;
    const isMarked = colon === undefined && token.startsWith(markedStart);
    return isMarked ? markedStart + token.slice(1) : token;
  });
  return JSON.parse(marked, (_key, value: unknown) => {
    if (typeof value !== "string" || !value.startsWith(mark)) return value;
    return value[1] === mark ? value.slice(1) : numberOf(value.slice(1));
  });
}

export function writeExactJson(value: unknown): string {
  const text = JSON.stringify(value, (_key, each: unknown) => {
    if (typeof each === "string") return each.startsWith(mark) ? mark + each : each;
    const isExact =
      typeof each === "bigint" || (typeof each === "number" && !Number.isFinite(each));
    return isExact ? `${mark}${each}` : each;
  });
  if (!text.includes(markedStart)) return text;
  return text.replace(/"[^"\\]*(?:\\.[^"\\]*)*":?/g, (token) => {
    if (!token.startsWith(markedStart) || token.endsWith(":")) return token;
    const rest = token.slice(markedStart.length);
    return rest.startsWith("\\u0000") ? `"${rest}` : rest.slice(0, -1);
  });
}

function numberOf(token: string): number | bigint {
  if (/\d/.test(token)) {
    const value = BigInt(token);
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
  return Number(token.replace(/Inf$/, "Infinity"));
}
