/**
 * Module file: what a thread is told about a model of a repository in JavaScript or TypeScript.
 */
import type { ModuleDefinition } from "../backends/backend.ts";
import type { ModelOptions } from "../protocol/model-options.ts";

export interface ModuleFile {
  readonly url: string;
  /** Undefined: it is imported only to tell what it defines. */
  readonly expected: ExpectedModule | undefined;
}

interface ExpectedModule {
  /** As it was when the model was loaded. */
  readonly definition: ModuleDefinition;
  /** With those of its configuration. */
  readonly options: ModelOptions;
  /** Those of its configuration. */
  readonly parameters: Readonly<Record<string, string>>;
}
