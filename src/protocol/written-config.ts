/**
 * A model's configuration as somebody wrote it: protobuf's JSON form with snake_case names, as
 * plain objects. Only what was written is there: nothing is completed, no default filled in.
 *
 *   integers   numbers; those of 64 bits bigint beyond 2^53
 *   enums      names
 *   maps       objects; keys in decimal digits where they are numbers
 *
 * A message that is empty was written (`dynamic_batching {}`); an empty list or map was not, for
 * nobody can tell it from none. Fields come in the order of the schema.
 *
 * Types and field tables are both made of proto/model_config.proto (generated/config-schema.ts).
 * Readers: config-values.ts, config-json.ts, and server/repository/config-text.ts.
 */
import { configEnums, configMessages } from "./generated/config-schema.ts";

type Messages = typeof configMessages;
type Enums = typeof configEnums;

/** An integer of 64 bits: bigint beyond 2^53. */
export type ExactInteger = number | bigint;

interface Scalars {
  readonly string: string;
  readonly bool: boolean;
  readonly int32: number;
  readonly uint32: number;
  readonly int64: ExactInteger;
  readonly uint64: ExactInteger;
  readonly float: number;
  readonly double: number;
}

/** A message of the schema: `Written<"ModelInput">`. */
export type Written<Name extends keyof Messages> = {
  readonly [Field in keyof Messages[Name]]?: FieldValue<Messages[Name][Field]>;
};

export type WrittenConfig = Written<"ModelConfig">;

type FieldValue<Field> = Field extends { readonly type: infer Type }
  ? Field extends { readonly keyType: string }
    ? Readonly<Record<string, Single<Type>>>
    : Field extends { readonly isRepeated: true }
      ? readonly Single<Type>[]
      : Single<Type>
  : never;

type Single<Type> = Type extends keyof Scalars
  ? Scalars[Type]
  : Type extends keyof Enums
    ? keyof Enums[Type]
    : Type extends keyof Messages
      ? Written<Type>
      : never;

/** A field as readers and printers need it. */
export interface ConfigField {
  /** The number of it, where messages are binary. */
  readonly id: number;
  /** A scalar's, an enum's or a message's name; that of the values if this is a map. */
  readonly type: string;
  readonly isRepeated?: boolean;
  /** It is a map with such keys. */
  readonly keyType?: string;
  /** Only one field of the message with this name can be given. */
  readonly oneof?: string;
}

export type ConfigFields = Readonly<Record<string, ConfigField>>;

export const configSchema: {
  readonly messages: Readonly<Record<string, ConfigFields>>;
  /** Numbers by name. */
  readonly enums: Readonly<Record<string, Readonly<Record<string, number>>>>;
} = { messages: configMessages, enums: configEnums };

/** Least and most of each type of integers. */
export const integerRanges: Readonly<Record<string, readonly [bigint, bigint]>> = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
};

/** As a number if that is exact. */
export function exactInteger(value: bigint): ExactInteger {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** What a value of this type must be, for errors. */
export function expectedOf(type: string): string {
  const names = configSchema.enums[type];
  if (names !== undefined) return `one of ${Object.keys(names).join(", ")}`;
  const range = integerRanges[type];
  if (range !== undefined) return `an integer within ${range.join("..")}`;
  return otherExpectations[type] ?? "an object";
}

const otherExpectations: Readonly<Record<string, string>> = {
  string: "a text",
  bool: "true or false",
  float: "a number",
  double: "a number",
};

/** The fields in the order of the schema, as Written says. Empty lists and maps go. */
export function inOrder(
  type: string,
  values: ReadonlyMap<string, unknown>,
): Readonly<Record<string, unknown>> {
  const fields = Object.entries(configSchema.messages[type] ?? {});
  const given = fields.flatMap(([name, { isRepeated, keyType }]): [string, unknown][] => {
    const value = values.get(name);
    if (value === undefined) return [];
    const isCollection = isRepeated === true || keyType !== undefined;
    return isCollection && Object.keys(value ?? {}).length === 0 ? [] : [[name, value]];
  });
  return Object.fromEntries(given);
}
