/**
 * Checks of options, as data: a table says what each field must be, and each mistake is a text
 * that names the field, what was expected and what came.
 *
 * A check is a function from a value to its mistakes, so checks nest, and all mistakes of an
 * object are found at once. What becomes of them is the caller's: the definition throws a
 * TypeError, the core an InferenceError; both put the model's name in front.
 *
 * Not here: which options a model has (model-options-check.ts).
 */
import { isFields } from "./fields.ts";
import { nearestName } from "./nearest-name.ts";
import { show } from "./show.ts";

/** What is wrong with the value of this field; empty: nothing. */
export type Check = (value: unknown, field: string) => readonly string[];

export function mustBe(field: string, expected: string, value: unknown): string {
  return `'${field}' must be ${expected}; got ${show(value)}`;
}

export function expecting(expected: string, isRight: (value: unknown) => boolean): Check {
  return (value, field) => (isRight(value) ? [] : [mustBe(field, expected, value)]);
}

export const positiveInteger: Check = expecting("an integer from 1", isCount);
export const anyInteger: Check = expecting("an integer", Number.isSafeInteger);
export const flag: Check = expecting("true or false", (value) => typeof value === "boolean");
export const callable: Check = expecting("a function", (value) => typeof value === "function");

/** A length of time; 0 is none. */
export const duration: Check = expecting(
  "a number of milliseconds from 0",
  (value) => Number.isFinite(value) && Number(value) >= 0,
);

export function optionally(check: Check): Check {
  return (value, field) => (value === undefined ? [] : check(value, field));
}

export function oneOf(names: readonly string[]): Check {
  return (value, field) => {
    if (typeof value !== "string") return [mustBe(field, listOf(names), value)];
    if (names.includes(value)) return [];
    return [mustBe(field, `${listOf(names)}${didYouMean(value, names)}`, value)];
  };
}

/** A list, each element of which passes the check. */
export function eachOf(check: Check, expected: string): Check {
  return (value, field) => {
    if (!Array.isArray(value)) return [mustBe(field, expected, value)];
    return value.flatMap((element, index) => check(element, `${field}[${index}]`));
  };
}

/** A list that passes the check, and has something. */
export function notEmpty(check: Check, expected: string): Check {
  return (value, field) => {
    const isEmpty = Array.isArray(value) && value.length === 0;
    return isEmpty ? [mustBe(field, `${expected}, with one at least`, value)] : check(value, field);
  };
}

/** An object with these fields and no others: what is not listed is a misspelling. */
export function fieldsOf(checks: Readonly<Record<string, Check>>, expected = "an object"): Check {
  const names = Object.keys(checks);
  return (value, field) => {
    if (!isFields(value)) return [mustBe(field, expected, value)];
    const at = (name: string): string => (field === "" ? name : `${field}.${name}`);
    const unknown = Object.keys(value).filter((name) => !names.includes(name));
    return [
      ...unknown.map((name) => `unknown option '${at(name)}'${whichOf(name, names)}`),
      ...Object.entries(checks).flatMap(([name, check]) => check(value[name], at(name))),
    ];
  };
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 1;
}

function whichOf(wrong: string, names: readonly string[]): string {
  return didYouMean(wrong, names) || ` (there are ${names.join(", ")})`;
}

/** To follow a text; empty: nothing is near. */
export function didYouMean(wrong: string, names: readonly string[]): string {
  const nearest = nearestName(wrong, names);
  return nearest === undefined ? "" : ` (did you mean '${nearest}'?)`;
}

function listOf(names: readonly string[]): string {
  const quoted = names.map((name) => `"${name}"`);
  return [quoted.slice(0, -1).join(", "), quoted.at(-1)].filter(Boolean).join(" or ");
}
