/**
 * From a model of a repository in JavaScript or TypeScript to what the core loads.
 *
 * What it is, a thread finds out that imports the module and ends; instances import it again, each
 * in its own thread. So nothing of a module stays in the server when its model is unloaded, and a
 * module that has changed is new at the next load. What a thread cannot tell is refused: functions
 * over waiting requests (`cost`, `bucket`), and instances that are inline.
 *
 * Not here: the other side (module-backend.ts), how configuration and definition become one
 * (repository-config.ts).
 */
import { pathToFileURL } from "node:url";
import { assert } from "../assert.ts";
import type { ModuleDefinition } from "../backends/backend.ts";
import type { ResolvedModel } from "../core/model-source.ts";
import { InferenceError } from "../protocol/errors.ts";
import { instanceGroups } from "../protocol/instance-groups.ts";
import { optionDefaults } from "../protocol/model-options.ts";
import { type HostOptions, type HostPlan, ThreadHost, threadPlan } from "./instance-hosts.ts";
import { InstanceThread } from "./instance-thread.ts";
import { describedBy } from "./onnx-file.ts";
import {
  type JoinedDefinition,
  joinDefinition,
  type RepositoryVersion,
} from "./repository-config.ts";
import { warmed } from "./warming-host.ts";

/** Rejects with an InferenceError; with the signal's reason if that has fired. */
export async function resolveModule(
  given: RepositoryVersion,
  options: HostOptions,
  signal: AbortSignal,
): Promise<ResolvedModel> {
  const {
    url,
    definition,
    config,
    instances,
    options: joined,
  } = await readModule(given, {
    ...options,
    signal,
  });
  const plan: HostPlan = {
    ...aboutOf(given),
    devices: instances.devices,
    maxRequests: Math.max(1, config.maxBatchSize),
    concurrency: instances.concurrency,
    file: { url, expected: { definition, options: joined, parameters: config.parameters } },
  };
  return { config, host: await warmed(new ThreadHost(config, plan, options), config) };
}

export interface ReadModule extends JoinedDefinition {
  readonly url: string;
  readonly definition: ModuleDefinition;
}

interface Reading extends Pick<HostOptions, "clock" | "log"> {
  readonly signal: AbortSignal;
}

/** What module and configuration say together. Rejects with an InferenceError, or the reason. */
export async function readModule(given: RepositoryVersion, reading: Reading): Promise<ReadModule> {
  const { polled, fileOf } = given;
  const path = await fileOf(polled.default_model_filename ?? "model.js");
  const url = pathToFileURL(path).href;
  const asked = { devices: ["cpu"], maxRequests: 1, concurrency: 1 } as const;
  const asking = { ...aboutOf(given), ...asked, file: { url, expected: undefined } };
  const definition = await definitionIn(asking, reading);
  const mistakes = findMistakes(given, definition);
  if (mistakes.length > 0) throw new InferenceError("INVALID_ARGUMENT", mistakes.join("\n"));
  return { url, definition, ...joinDefinition(given, definition, reading.log) };
}

function aboutOf({ name, version }: RepositoryVersion) {
  return { name, version, module: undefined, onnx: undefined };
}

async function definitionIn(plan: HostPlan, { clock, signal }: Reading): Promise<ModuleDefinition> {
  const { name } = plan;
  const { loadTimeoutMs } = optionDefaults;
  const thread = new InstanceThread(threadPlan(plan, 0));
  const giveUp = (): void => void thread.abandon();
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    const description = await describedBy(thread, { name, loadTimeoutMs }, clock);
    assert(description !== undefined && "options" in description, "a module tells its definition");
    return description;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", giveUp);
    thread.abandon();
  }
}

/** Beside those that a configuration has part in. */
function findMistakes(
  { name, version }: RepositoryVersion,
  definition: ModuleDefinition,
): readonly string[] {
  const { options, measures } = definition;
  const mistakes = measures.map((measure) => {
    const why = "it would have to run in the server's own thread";
    return `'${measure}' is not for models of a repository: ${why}`;
  });
  if (definition.name !== name) {
    const folder = `its folder in the repository '${name}'`;
    mistakes.push(`the definition's name is '${definition.name}', but that of ${folder}`);
  }
  // 1 is also what a definition has that says nothing.
  if (definition.version !== 1 && definition.version !== version) {
    const folder = `that of its folder ${version}`;
    mistakes.push(`'version' is ${definition.version} in the definition, but ${folder}`);
  }
  if (instanceGroups(options.instances).some(({ kind }) => kind === "inline")) {
    mistakes.push(`'instances.kind' must be "thread" or left out in a repository`);
  }
  return mistakes.map((mistake) => `unable to load model '${name}', ${mistake}`);
}
