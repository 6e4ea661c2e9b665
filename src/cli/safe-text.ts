/**
 * Texts of somebody else's, such as names that a server sends: in one line, and harmless to a
 * terminal and to source code.
 */

/** Control characters, line ends, what turns the direction of writing, halves of characters. */
const unsafe = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** Those as `\u001b`; all else as it is. */
export function escaped(text: string): string {
  return text.replace(unsafe, (character) => {
    const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
  });
}

/** As a string of JSON and of JavaScript. */
export function quoted(text: string): string {
  return escaped(JSON.stringify(text));
}

/** Lines become one. */
export function oneLine(text: string): string {
  return escaped(text.trim().replace(/\s*[\r\n]+\s*/g, " "));
}
