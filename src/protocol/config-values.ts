/**
 * A configuration from plain values: parsed JSON, or an object in a program, in protobuf's JSON
 * form, read strictly.
 *
 *   names      snake_case or camelCase; null is as good as absent
 *   integers   numbers, bigint, or decimal texts: "16"
 *   floats     numbers, or texts: "1.5", "NaN", "Infinity", "-Infinity"
 *   enums      names in any case, or numbers that have a name
 *
 * All mistakes are told, each with the path of its field.
 *
 * Not here: what values make sense together (validation of a completed configuration).
 */
import { type Fields, isFields } from "./fields.ts";
import { didYouMean, mustBe } from "./option-checks.ts";
import { show } from "./show.ts";
import {
  type ConfigField,
  type ConfigFields,
  configSchema,
  exactInteger,
  expectedOf,
  inOrder,
  integerRanges,
  type WrittenConfig,
} from "./written-config.ts";

export interface ReadConfig {
  /** Only worth anything without mistakes. */
  readonly config: WrittenConfig;
  readonly mistakes: readonly string[];
}

export function readConfigValues(value: unknown): ReadConfig {
  const reader = new ValueReader();
  const config = reader.readMessage("ModelConfig", value, "") as WrittenConfig;
  return { config, mistakes: reader.mistakes };
}

class ValueReader {
  readonly mistakes: string[] = [];

  readMessage(type: string, value: unknown, path: string): Fields {
    if (!isFields(value)) {
      this.#refuse("an object", value, path === "" ? "the configuration" : path);
      return {};
    }
    const fields = configSchema.messages[type] ?? {};
    const read = new Map<string, unknown>();
    for (const [key, given] of Object.entries(value)) {
      const name = fieldName(key, fields);
      const field = fields[name];
      if (field === undefined)
        this.mistakes.push(unknownField(at(path, key.slice(0, 60)), key, fields));
      if (field === undefined || given === null || given === undefined) continue;
      if (read.has(name)) this.mistakes.push(`'${at(path, name)}' is given twice`);
      read.set(name, this.#readField(field, given, at(path, name)));
    }
    this.#checkOneofs(fields, read, path);
    return inOrder(type, read);
  }

  #checkOneofs(fields: ConfigFields, read: ReadonlyMap<string, unknown>, path: string): void {
    const given = [...read.keys()].filter((name) => fields[name]?.oneof !== undefined);
    for (const oneof of new Set(given.map((name) => fields[name]?.oneof))) {
      const names = given.filter((name) => fields[name]?.oneof === oneof);
      if (names.length > 1) this.mistakes.push(onlyOneOf(names.map((name) => at(path, name))));
    }
  }

  #readField(field: ConfigField, value: unknown, path: string): unknown {
    if (field.keyType !== undefined) return this.#readMap(field, field.keyType, value, path);
    if (field.isRepeated !== true) return this.#readSingle(field.type, value, path);
    if (Array.isArray(value)) {
      return value.map((each: unknown, index) => {
        return this.#readSingle(field.type, each, `${path}[${index}]`);
      });
    }
    return this.#refuse("a list", value, path);
  }

  #readMap(field: ConfigField, keyType: string, value: unknown, path: string): unknown {
    if (!isFields(value)) return this.#refuse("an object", value, path);
    const entries = Object.entries(value).map(([key, each]) => {
      const read = keyType === "string" ? key : this.#readSingle(keyType, key, `a key of ${path}`);
      return [String(read), this.#readSingle(field.type, each, `${path}[${show(key)}]`)] as const;
    });
    return Object.fromEntries(entries);
  }

  #readSingle(type: string, value: unknown, path: string): unknown {
    if (configSchema.messages[type] !== undefined) return this.readMessage(type, value, path);
    const read = readScalar(type, value);
    if (read !== undefined) return read;
    const names = Object.keys(configSchema.enums[type] ?? {});
    const near = typeof value === "string" ? didYouMean(value, names) : "";
    this.mistakes.push(`${mustBe(path, expectedOf(type), value)}${near}`);
    return undefined;
  }

  #refuse(expected: string, value: unknown, path: string): undefined {
    this.mistakes.push(mustBe(path, expected, value));
    return undefined;
  }
}

/** Undefined: it is none of this type. */
function readScalar(type: string, value: unknown): string | boolean | number | bigint | undefined {
  if (type === "string") return typeof value === "string" ? value : undefined;
  if (type === "bool") return typeof value === "boolean" ? value : undefined;
  if (type === "float" || type === "double") return readFloat(value);
  const range = integerRanges[type];
  return range === undefined ? readEnum(type, value) : readInteger(value, range);
}

function readFloat(value: unknown): number | undefined {
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "string") return typeof value === "number" ? value : undefined;
  const isNumber = /^(-?(Infinity|\d+(\.\d*)?([eE][+-]?\d+)?)|NaN)$/.test(value);
  return isNumber ? Number(value) : undefined;
}

function readInteger(
  value: unknown,
  [least, most]: readonly [bigint, bigint],
): number | bigint | undefined {
  const isExact =
    typeof value === "bigint" ||
    Number.isSafeInteger(value) ||
    (typeof value === "string" && /^-?\d{1,20}$/.test(value));
  if (!isExact) return undefined;
  const integer = BigInt(value as bigint | number | string);
  return integer < least || integer > most ? undefined : exactInteger(integer);
}

function readEnum(type: string, value: unknown): string | undefined {
  const names = Object.entries(configSchema.enums[type] ?? {});
  const wanted = typeof value === "string" ? value.toUpperCase() : value;
  return names.find(([name, number]) => name === wanted || number === wanted)?.[0];
}

/** Empty: there is none of this name in either form. */
function fieldName(key: string, fields: ConfigFields): string {
  if (Object.hasOwn(fields, key)) return key;
  return Object.keys(fields).find((name) => camelCase(name) === key) ?? "";
}

function camelCase(name: string): string {
  return name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}

function at(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

export function unknownField(path: string, name: string, fields: ConfigFields): string {
  return `unknown field '${path}'${didYouMean(name, Object.keys(fields))}`;
}

export function onlyOneOf(paths: readonly string[]): string {
  return `only one can be given of ${paths.map((path) => `'${path}'`).join(", ")}`;
}
