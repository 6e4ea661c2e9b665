/**
 * Check of a definition, on the spot: its name, the options that all models share, and those of
 * its kind. All mistakes are told at once, in a TypeError with one line each: model, field, what
 * was expected and what came.
 *
 * Not here: the options of each kind (model-check.ts, onnx-model-check.ts).
 */

import type { Fields } from "../protocol/fields.ts";
import { findOptionMistakes, tellMistakes } from "../protocol/model-options-check.ts";
import { type Check, mustBe, optionally, positiveInteger } from "../protocol/option-checks.ts";

import { findMeasureMistakes, measureChecks } from "./measures.ts";

/** How a kind of model is defined. */
export interface DefinitionKind {
  /** The function that a user calls. */
  readonly maker: "model" | "onnx";
  /** Options beside the shared ones. */
  readonly checks: Readonly<Record<string, Check>>;
  /** What these contradict. */
  readonly findConflicts: (definition: Fields, name: string) => readonly string[];
}

const version = optionally(positiveInteger);

export function checkDefinition(kind: DefinitionKind, name: unknown, definition: object): void {
  // GET /v2/models/stats is the statistics of all models: metadata of that name has no address.
  if (typeof name !== "string" || !/^[A-Za-z0-9._-]+$/.test(name) || name === "stats") {
    const expected = "letters, digits, dots, dashes and underscores, and not 'stats'";
    throw new TypeError(`${kind.maker}(): ${mustBe("name", expected, name)}`);
  }
  const given: Fields = { ...definition };
  const mistakes = [
    ...findOptionMistakes(name, given, { version, ...kind.checks, ...measureChecks }),
    ...kind.findConflicts(given, name),
    ...findMeasureMistakes(given),
  ];
  if (mistakes.length > 0) throw new TypeError(tellMistakes(name, mistakes));
}
