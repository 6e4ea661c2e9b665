/**
 * Parameters of a request: what each becomes, and what is refused, the first of them first.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import fc from "fast-check";
import { type ErrorCode, InferenceError } from "./errors.ts";
import { parseJson } from "./json-reader.ts";
import { type RequestParameters, readParameters } from "./request-parameters.ts";

const none: RequestParameters = {
  custom: {},
  priority: 0,
  timeoutMs: 0,
  sequence: undefined,
  binaryDataOutput: false,
};

function read(json: string): RequestParameters {
  const { custom, priority, timeoutMs, sequence, binaryDataOutput } = readParameters(
    parseJson(Buffer.from(json)),
  );
  return { custom: { ...custom }, priority, timeoutMs, sequence, binaryDataOutput };
}

const longestId = "é".repeat(128);
const sequence = (id: bigint | string, isStart = false, isEnd = false): RequestParameters => ({
  ...none,
  sequence: { id, isStart, isEnd },
});

const cases: readonly [json: string, parameters: RequestParameters][] = [
  ["{}", none],
  ['{"priority":3}', { ...none, priority: 3 }],
  ['{"priority":0}', none],
  ['{"timeout":2500}', { ...none, timeoutMs: 2.5 }],
  ['{"timeout":18446744073709551615}', { ...none, timeoutMs: 2 ** 64 / 1000 }],
  ['{"binary_data_output":true}', { ...none, binaryDataOutput: true }],
  ['{"sequence_id":7}', sequence(7n)],
  ['{"sequence_id":18446744073709551615}', sequence(18446744073709551615n)],
  ['{"sequence_id":"s"}', sequence("s")],
  [`{"sequence_id":"${longestId}"}`, sequence(longestId)],
  ['{"sequence_end":true,"sequence_id":7,"sequence_start":true}', sequence(7n, true, true)],
  ['{"sequence_id":0,"sequence_start":true}', none],
  ['{"sequence_id":"","sequence_start":true}', none],
  ['{"a":"b"}', { ...none, custom: { a: "b" } }],
  ['{"a":true,"b":-1,"c":1.5,"d":1.0}', { ...none, custom: { a: true, b: -1, c: 1.5, d: 1 } }],
  ['{"a":9223372036854775807}', { ...none, custom: { a: 9223372036854775807n } }],
  ['{"a":-9223372036854775808}', { ...none, custom: { a: -9223372036854775808n } }],
  ['{"a":9223372036854775808}', { ...none, custom: { a: 2 ** 63 } }],
  ['{"a":18446744073709551616}', { ...none, custom: { a: 2 ** 64 } }],
  ['{"a":1e300}', { ...none, custom: { a: 1e300 } }],
  ['{"a":1,"a":[]}', { ...none, custom: { a: 1 } }],
  ['{"headers":"x","id":"y"}', { ...none, custom: { headers: "x", id: "y" } }],
  ['{"Triton_a":1}', { ...none, custom: { Triton_a: 1 } }],
  ['{"__proto__":"x"}', { ...none, custom: Object.fromEntries([["__proto__", "x"]]) }],
];

for (const [json, parameters] of cases) {
  test(`read: ${json.slice(0, 70)}`, () => check.deepEqual(read(json), parameters));
}

test("no parameters", () => {
  check.deepEqual({ ...readParameters(undefined) }, none);
});

const internal = (field: string, what: string): [ErrorCode, string] => [
  "INTERNAL",
  `Unable to parse '${field}': attempt to access JSON ${what}`,
];
const unsigned = (field: string): [ErrorCode, string] =>
  internal(field, "non-unsigned-integer as unsigned-integer");
const boolean = (field: string): [ErrorCode, string] => internal(field, "non-boolean as boolean");
const string = internal("sequence_id", "non-string as string");
const invalidType = (key: string): [ErrorCode, string] => [
  "INVALID_ARGUMENT",
  `parameter '${key}' has invalid type. It should be either 'int', 'bool', or 'string'.`,
];
const reserved: [ErrorCode, string] = [
  "INVALID_ARGUMENT",
  "parameter keys starting with 'triton_' are reserved for Triton usage and should not be " +
    "specified.",
];
const noObject: [ErrorCode, string] = [
  "INTERNAL",
  "failed to get request params.: attempt to get members for non-object",
];

const refused: readonly [json: string, fault: readonly [ErrorCode, string]][] = [
  ["null", noObject],
  ["[]", noObject],
  ['"a"', noObject],
  ['{"priority":-1}', unsigned("priority")],
  ['{"priority":1.0}', unsigned("priority")],
  ['{"priority":"1"}', unsigned("priority")],
  ['{"priority":null}', unsigned("priority")],
  ['{"timeout":1e3}', unsigned("timeout")],
  ['{"timeout":18446744073709551616}', unsigned("timeout")],
  ['{"binary_data_output":1}', boolean("binary_data_output")],
  ['{"sequence_start":"true"}', boolean("sequence_start")],
  ['{"sequence_end":null}', boolean("sequence_end")],
  ['{"sequence_id":-1}', string],
  ['{"sequence_id":1.5}', string],
  ['{"sequence_id":true}', string],
  ['{"sequence_id":[]}', string],
  [
    `{"sequence_id":"${longestId}x"}`,
    ["UNIMPLEMENTED", "string correlation ID cannot be longer than 128 characters"],
  ],
  ['{"a":null}', invalidType("a")],
  ['{"a":[]}', invalidType("a")],
  ['{"a":{"b":1}}', invalidType("a")],
  ['{"triton_a":1}', reserved],
  ['{"triton_":null}', reserved],
  ['{"a":null,"triton_a":1,"priority":-1}', invalidType("a")],
  ['{"triton_a":1,"priority":-1,"a":null}', reserved],
  ['{"priority":-1,"a":null,"triton_a":1}', unsigned("priority")],
];

for (const [json, [code, message]] of refused) {
  test(`refused: ${json.slice(0, 70)}`, () => {
    check.throws(() => read(json), { name: "InferenceError", code, message });
  });
}

test("any object is read, or refused in these words", () => {
  const keys = fc.oneof(
    fc.constantFrom("priority", "timeout", "sequence_id", "sequence_start", "binary_data_output"),
    fc.string(),
  );
  const words = /^(Unable to parse '|parameter |string correlation ID )/;
  fc.assert(
    fc.property(fc.dictionary(keys, fc.jsonValue()), (value) => {
      try {
        // JSON has no negative zero.
        const written = JSON.stringify(value);
        const meant = JSON.parse(written) as Record<string, unknown>;
        const { custom } = read(written);
        for (const [key, member] of Object.entries(custom)) {
          // A number that is no safe integer may be written as one: then it is read exactly.
          check.equal(typeof member === "bigint" ? Number(member) : member, meant[key]);
        }
      } catch (error) {
        if (!(error instanceof InferenceError)) throw error;
        check.match(error.message, words);
      }
    }),
    { numRuns: 2000 },
  );
});
