/**
 * What is wrong with a configuration's text: the line and column, the field, and what was expected.
 *
 * The parser stops at the first fault, and says at most its line. So the place is searched for: the
 * shortest part of the text, cut behind a token, that fails for the same reason. That is monotonous,
 * for the parser reads from left to right and never back; and it costs as many readings as the
 * number of tokens has binary digits. Then the tokens before that place tell the field's path.
 */

import { onlyOneOf, unknownField } from "../../protocol/config-values.ts";
import { didYouMean } from "../../protocol/option-checks.ts";
import {
  type ConfigField,
  type ConfigFields,
  configSchema,
  expectedOf,
} from "../../protocol/written-config.ts";
import type { TextToken } from "./config-text-tokens.ts";

export interface FaultyText {
  readonly text: string;
  readonly tokens: readonly TextToken[];
  /** Throws for some texts. */
  readonly parse: (text: string) => unknown;
  /** What it threw for this one. */
  readonly error: unknown;
}

/** A message that has begun. */
interface Frame {
  readonly fields: ConfigFields;
  /** The field that is being read; undefined: none yet. */
  name: TextToken | undefined;
  /** Of each field, how many elements have begun. */
  readonly counts: Map<string, number>;
  isInList: boolean;
}

/** `line 3, column 5: 'max_batch_size' must be ...` */
export function tellFault(faulty: FaultyText): string {
  const { text, tokens, error } = faulty;
  const index = findToken(faulty);
  const reason = reasonOf(error).replace(/ \(line \d+\)$/, "");
  const frames = framesAt(tokens, index);
  const { token, why } = explain({ reason, frames, tokens, index });
  const last = tokens.at(-1);
  const end = last === undefined ? 0 : last.offset + last.text.length;
  return `${placeOf(text, token?.offset ?? end)}: ${why}`;
}

/** As many as there are: only the end of the text is at fault. */
function findToken({ text, tokens, parse, error }: FaultyText): number {
  const reason = reasonOf(error);
  // So that what fails at the end of a part cannot name a line of the text.
  const behind = "\n".repeat(text.split("\n").length + 1);
  let low = 0;
  let high = tokens.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const last = tokens[middle];
    const part = text.slice(0, (last?.offset ?? 0) + (last?.text.length ?? 0));
    if (failsFor(reason, `${part}${behind}`, parse)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function failsFor(reason: string, text: string, parse: FaultyText["parse"]): boolean {
  try {
    parse(text);
    return false;
  } catch (error) {
    return reasonOf(error) === reason;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The messages that are open when this token has been read; outermost first. */
function framesAt(tokens: readonly TextToken[], index: number): readonly Frame[] {
  const frames = [frameOf(configSchema.messages["ModelConfig"] ?? {})];
  for (const [at, token] of tokens.slice(0, index + 1).entries()) {
    const frame = frames.at(-1);
    if (frame === undefined) break;
    if (token.text === "{" || token.text === "<") frames.push(frameOf(fieldsIn(fieldOf(frame))));
    else if (token.text === "}" || token.text === ">") {
      if (frames.length > 1) frames.pop();
    } else readToken(frame, token, tokens[at - 1]?.text);
  }
  return frames;
}

function frameOf(fields: ConfigFields): Frame {
  return { fields, name: undefined, counts: new Map(), isInList: false };
}

function readToken(frame: Frame, token: TextToken, before: string | undefined): void {
  if (token.text === "[" || token.text === "]") frame.isInList = token.text === "[";
  else if (token.text === "," && frame.isInList) countElement(frame);
  else if (!frame.isInList && before !== ":" && before !== "-" && /^[^"',;:-]/.test(token.text)) {
    frame.name = token;
    countElement(frame);
  }
}

function countElement({ name, counts }: Frame): void {
  if (name !== undefined) counts.set(name.text, (counts.get(name.text) ?? 0) + 1);
}

/** Undefined: it has no such field. */
function fieldOf({ fields, name }: Frame): ConfigField | undefined {
  if (name === undefined || !Object.hasOwn(fields, name.text)) return undefined;
  return fields[name.text];
}

function fieldsIn(field: ConfigField | undefined): ConfigFields {
  if (field === undefined) return {};
  if (field.keyType === undefined) return configSchema.messages[field.type] ?? {};
  return { key: { id: 1, type: field.keyType }, value: { id: 2, type: field.type } };
}

function pathOf(frames: readonly Frame[]): string {
  const parts = frames.flatMap((frame) => {
    if (frame.name === undefined) return [];
    const field = fieldOf(frame);
    const isList = field?.isRepeated === true || field?.keyType !== undefined;
    const count = frame.counts.get(frame.name.text) ?? 1;
    return [isList ? `${frame.name.text}[${count - 1}]` : frame.name.text];
  });
  return parts.join(".");
}

interface Stop {
  /** The parser's. */
  readonly reason: string;
  readonly frames: readonly Frame[];
  readonly tokens: readonly TextToken[];
  readonly index: number;
}

/** Undefined: at the end. */
interface Explained {
  readonly token: TextToken | undefined;
  readonly why: string;
}

const wrongScalar =
  /(?:integer|bool|float|enum) value expected$|^(?:unsigned )?integer value out of range$|^expected string$/;

function explain(stop: Stop): Explained {
  const { reason, frames, tokens, index } = stop;
  const frame = frames.at(-1);
  const token = tokens[index];
  const path = pathOf(frames);
  if (frame === undefined || token === undefined) return otherwise(stop);
  if (/: unknown field '/.test(reason)) {
    return { token, why: unknownField(shown(path), token.text, frame.fields) };
  }
  if (reason.endsWith(": multiple values")) {
    return { token: frame.name, why: givenTwice(reason, frames) };
  }
  const field = fieldOf(frame);
  if (wrongScalar.test(reason) && field !== undefined) {
    const isNegative = tokens[index - 1]?.text === "-";
    const got = isNegative ? `-${token.text}` : token.text;
    const near = didYouMean(got, Object.keys(configSchema.enums[field.type] ?? {}));
    return {
      token: isNegative ? tokens[index - 1] : token,
      why: `'${path}' must be ${expectedOf(field.type)}; got ${shown(got)}${near}`,
    };
  }
  return otherwise(stop);
}

/** Or another branch of the same oneof is. */
function givenTwice(reason: string, frames: readonly Frame[]): string {
  const path = pathOf(frames);
  if (reason.startsWith(".")) return `'${path}' is given twice`;
  const fields = frames.at(-1)?.fields ?? {};
  const oneof = reason.replace(/:.*/, "");
  const parent = path.replace(/[^.]*$/, "");
  const branches = Object.keys(fields).filter((name) => fields[name]?.oneof === oneof);
  return onlyOneOf(branches.map((name) => `${parent}${name}`));
}

/** Mostly in the parser's words. The token at fault is no part of the path. */
function otherwise({ reason, tokens, index }: Stop): Explained {
  const token = tokens[index];
  const frames = framesAt(tokens, index - 1);
  const isName = token !== undefined && /^(?:illegal field name|unexpected token) '/.test(reason);
  const path = pathOf(isName ? frames.slice(0, -1) : frames);
  const words = isName
    ? `expected a field's name; got ${shown(token.text)}`
    : shown(reason.replace(/^\.[\w.]+: /, ""));
  return { token, why: path === "" ? words : `${words}, in '${path}'` };
}

/** Short, and in one line: whatever a terminal could take for a command is escaped. */
function shown(text: string): string {
  const short = text.length > 100 ? `${text.slice(0, 97)}...` : text;
  return short.replace(/(?! )[\p{C}\p{Z}]/gu, (character) => {
    return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`;
  });
}

/** Both count from 1. */
export function placeOf(text: string, offset: number): string {
  const lines = text.slice(0, offset).split("\n");
  return `line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
}
