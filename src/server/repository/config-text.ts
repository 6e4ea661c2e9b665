/**
 * config.pbtxt: a configuration in protobuf's text format, read and printed by protobufjs'
 * `ext/textformat`, with a schema made of protocol/generated/config-schema.ts.
 *
 * What it takes is what protobuf takes; besides, a comma may stand behind the last element of a
 * list, bytes that are no UTF-8 in comments, and a key or value twice in an entry of a map, where the
 * last counts. An enum's number must be one that has a name.
 *
 * To be imported when a file is there to be read, not before: reflection costs time and memory.
 *
 * Not here: where a fault is (config-text-fault.ts).
 *
 * Invariants, checked by config-text.test.ts:
 *   1. What is printed reads as what it was.
 *   2. Any bytes give a configuration or an InferenceError with a place, and in bounded time.
 */
import { isUtf8 } from "node:buffer";
import textFormat from "protobufjs/ext/textformat.js";
import protobuf from "protobufjs/light.js";
import { InferenceError } from "../../protocol/errors.ts";
import { type Fields, isFields } from "../../protocol/fields.ts";
import {
  type ConfigField,
  configSchema,
  exactInteger,
  inOrder,
  integerRanges,
  type WrittenConfig,
} from "../../protocol/written-config.ts";
import { placeOf, tellFault } from "./config-text-fault.ts";
import { tokensOf, withoutLastCommas } from "./config-text-tokens.ts";

/** Of a file. A fault is found in some twenty readings of it. */
export const maxConfigBytes: number = 256 * 1024;

const wholeType = makeTypes().lookupType("ModelConfig");

/** Throws INTERNAL; `path` is how the error calls the file. */
export function readConfigText(bytes: Uint8Array, path: string): WrittenConfig {
  const refuse = (why: string): InferenceError => {
    return new InferenceError("INTERNAL", `failed to read text proto from ${path}: ${why}`);
  };
  if (bytes.length > maxConfigBytes) {
    throw refuse(`it has ${bytes.length} bytes, and at most ${maxConfigBytes} are read`);
  }
  const given = new TextDecoder().decode(bytes);
  const tokens = tokensOf(given);
  const broken = isUtf8(bytes) ? undefined : tokens.find(({ text }) => /^["'].*\ufffd/.test(text));
  if (broken !== undefined) throw refuse(`${placeOf(given, broken.offset)}: a text is no UTF-8`);
  const text = withoutLastCommas(given, tokens);
  const parse = (part: string): unknown => {
    const message: unknown = textFormat.fromText(wholeType, part);
    return message;
  };
  let message: unknown;
  try {
    message = parse(text);
  } catch (error) {
    throw refuse(tellFault({ text, tokens, parse, error }));
  }
  return plainMessage("ModelConfig", message) as WrittenConfig;
}

/** A line for each scalar and each brace. */
export function printConfigText(config: WrittenConfig): string {
  const text = textFormat.toText(wholeType, config);
  return text === "" ? "" : `${text}\n`;
}

/** What protobufjs read, in the form of Written. */
function plainMessage(type: string, message: unknown): Fields {
  const read = new Map<string, unknown>();
  for (const [name, value] of Object.entries(isFields(message) ? message : {})) {
    const field = configSchema.messages[type]?.[name];
    if (field !== undefined) read.set(name, plainValue(field.type, value, field.keyType));
  }
  return inOrder(type, read);
}

function plainValue(type: string, value: unknown, keyType?: string): unknown {
  if (Array.isArray(value)) return value.map((each: unknown) => plainValue(type, each));
  if (keyType !== undefined) {
    const entries = Object.entries(isFields(value) ? value : {});
    return Object.fromEntries(entries.map(([key, each]) => [key, plainValue(type, each)]));
  }
  if (configSchema.messages[type] !== undefined) return plainMessage(type, value);
  // Those of 64 bits are objects.
  if (integerRanges[type] !== undefined) return exactInteger(BigInt(String(value)));
  const names = Object.entries(configSchema.enums[type] ?? {});
  return names.find(([, number]) => number === value)?.[0] ?? value;
}

function makeTypes(): protobuf.Root {
  const enums = Object.entries(configSchema.enums).map(([name, values]) => {
    // Closed: numbers without a name are faults.
    return [flat(name), { values, options: { features: { enum_type: "CLOSED" } } }] as const;
  });
  const messages = Object.entries(configSchema.messages).map(([name, fields]) => {
    return [flat(name), makeType(Object.entries(fields))] as const;
  });
  return protobuf.Root.fromJSON({ nested: Object.fromEntries([...enums, ...messages]) });
}

function makeType(fields: readonly (readonly [string, ConfigField])[]): protobuf.IType {
  const oneofs = new Set(fields.flatMap(([, { oneof }]) => (oneof === undefined ? [] : [oneof])));
  return {
    fields: Object.fromEntries(fields.map(([name, field]) => [name, makeField(field)])),
    oneofs: Object.fromEntries(
      [...oneofs].map((oneof) => {
        const branches = fields.filter(([, field]) => field.oneof === oneof);
        return [oneof, { oneof: branches.map(([name]) => name) }];
      }),
    ),
  };
}

function makeField({ id, type, isRepeated, keyType }: ConfigField): protobuf.IField {
  return {
    id,
    type: flat(type),
    ...(isRepeated && { rule: "repeated" }),
    ...(keyType !== undefined && { keyType }),
  };
}

/** A name without dots, which protobufjs would take for a path. */
function flat(name: string): string {
  return name.replaceAll(".", "_");
}
