/**
 * What a table of options takes, learnt from its refusals: whoever gives it an option that does
 * not exist is told which there are.
 */
import { findOptionMistakes } from "../../dist/protocol/model-options-check.js";

const stranger = "qqqqqqqqqq";

/** Options of every model, with dots: `batching.queue.maxSize`. */
export function modelOptionPaths(): readonly string[] {
  return pathsUnder([]);
}

function pathsUnder(path: readonly string[]): readonly string[] {
  const given = [...path, stranger].reduceRight<unknown>((inner, name) => ({ [name]: inner }), 1);
  const mistakes = findOptionMistakes("m", given as Readonly<Record<string, unknown>>);
  const names = namesTold(mistakes.join("\n"));
  return names.flatMap((name) => {
    const at = [...path, name];
    return [at.join("."), ...pathsUnder(at)];
  });
}

/** Of an error that says "(there are a, b, c)". */
function namesTold(message: string): readonly string[] {
  const told = new RegExp(`'[^']*${stranger}' \\(there are ([^)]*)\\)`).exec(message)?.[1];
  return told?.split(", ") ?? [];
}

/** Options of this kind of definition. */
export function definitionOptions(define: (options: object) => unknown): readonly string[] {
  try {
    define({ [stranger]: 1 });
  } catch (error) {
    return namesTold(error instanceof Error ? error.message : "");
  }
  return [];
}
