/**
 * Where a configuration and the definition of the model that it stands beside disagree; and the
 * options that are both of theirs. A configuration may only add to what a definition says.
 *
 * A text names both sides, each by its own field. What both say alike is no contradiction.
 */
import { datatypes } from "../../protocol/datatype.ts";
import type {
  BatchingOptions,
  ModelOptions,
  TensorDeclaration,
} from "../../protocol/model-options.ts";
import { formatShape } from "../../protocol/shape.ts";
import { show } from "../../protocol/show.ts";
import type { ExactInteger, Written, WrittenConfig } from "../../protocol/written-config.ts";

export interface Definition {
  readonly name: string;
  readonly inputs: readonly TensorDeclaration[];
  readonly outputs: readonly TensorDeclaration[];
  readonly options: ModelOptions;
  readonly isDecoupled: boolean;
}

/** Options of the definition, and those of the configuration that it leaves open. */
export function joinedOptions(own: ModelOptions, written: ModelOptions): ModelOptions {
  const joined = { ...written, ...own };
  if (!own.batching || !written.batching) return joined;
  return { ...joined, batching: { ...written.batching, ...own.batching } };
}

/** `options` are those that the configuration says: writtenOptions. */
export function findDefinitionMistakes(
  written: WrittenConfig,
  options: ModelOptions,
  definition: Definition,
): readonly string[] {
  const decoupled = written.model_transaction_policy?.decoupled;
  return [
    ...optionMistakes(options, definition.options),
    ...(decoupled === undefined || decoupled === definition.isDecoupled
      ? []
      : [
          `'model_transaction_policy.decoupled' is ${decoupled} in the configuration, but the ` +
            `definition's infer ${definition.isDecoupled ? "streams" : "does not stream"}`,
        ]),
    ...tensorMistakes("input", written.input, definition.inputs),
    ...tensorMistakes("output", written.output, definition.outputs),
  ].map((mistake) => `unable to load model '${definition.name}', ${mistake}`);
}

/** Fields of both, as the configuration calls them. */
const optionFields: Readonly<Record<keyof Options, string>> = {
  maxBatchSize: "max_batch_size",
  instances: "instance_group",
  cache: "response_cache.enable",
  warmup: "model_warmup",
};

type Options = Pick<ModelOptions, "maxBatchSize" | "instances" | "cache" | "warmup">;

const batchingFields: Readonly<Record<keyof Batching, string>> = {
  maxQueueDelayMs: "max_queue_delay_microseconds",
  preferredBatchSizes: "preferred_batch_size",
  preserveOrdering: "preserve_ordering",
  priorities: "priority_levels",
  queue: "default_queue_policy",
};

type Batching = Omit<BatchingOptions, "maxCost" | "isolateFailures">;

function optionMistakes(written: ModelOptions, own: ModelOptions): readonly string[] {
  const [theirs, ours] = [written.batching || {}, own.batching || {}];
  return [
    ...batchSizeMistakes(written, own),
    ...(Object.keys(optionFields) as (keyof Options)[]).flatMap((name) => {
      return contradiction([optionFields[name], written[name]], [name, own[name]]);
    }),
    ...(Object.keys(batchingFields) as (keyof Batching)[]).flatMap((name) => {
      const field = `dynamic_batching.${batchingFields[name]}`;
      return contradiction([field, theirs[name]], [`batching.${name}`, ours[name]]);
    }),
  ];
}

/** No batches on one side, but on the other. */
function batchSizeMistakes(written: ModelOptions, own: ModelOptions): readonly string[] {
  if (written.batching === false) {
    const asked = own.maxBatchSize !== undefined ? "maxBatchSize" : own.batching && "batching";
    if (!asked) return [];
    return [`'max_batch_size' is 0 in the configuration, but the definition has '${asked}'`];
  }
  if (own.batching !== false) return [];
  const asked = written.maxBatchSize !== undefined ? "max_batch_size" : "dynamic_batching";
  if (written.maxBatchSize === undefined && written.batching === undefined) return [];
  return [`'${asked}' is in the configuration, but 'batching' is false in the definition`];
}

function contradiction(
  [field, written]: readonly [string, unknown],
  [name, own]: readonly [string, unknown],
): readonly string[] {
  if (written === undefined || own === undefined || isSame(written, own)) return [];
  const [theirs, ours] = [shown(written), shown(own)];
  return [
    `'${field}' is ${theirs} in the configuration, but '${name}' is ${ours} in the definition`,
  ];
}

const mostCharacters = 80;

function shown(value: unknown): string {
  if (typeof value !== "object") return show(value);
  const text = JSON.stringify(value, (_, each: unknown) => {
    return typeof each === "bigint" ? String(each) : each;
  });
  return text.length <= mostCharacters ? text : `${text.slice(0, mostCharacters - 3)}...`;
}

function isSame(one: unknown, other: unknown): boolean {
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) {
    return one === other;
  }
  const [entries, others] = [Object.entries(one), new Map(Object.entries(other))];
  if (entries.length !== others.size) return false;
  return entries.every(([key, value]) => others.has(key) && isSame(value, others.get(key)));
}

type Tensor = Written<"ModelInput"> & Written<"ModelOutput">;

function tensorMistakes(
  role: "input" | "output",
  written: readonly Tensor[] = [],
  declared: readonly TensorDeclaration[],
): readonly string[] {
  return written.flatMap((tensor) => {
    const own = declared.find(({ name }) => name === tensor.name);
    const what = `${role} '${tensor.name ?? ""}'`;
    if (own === undefined) {
      const names = declared.map(({ name }) => name).sort();
      return [`unexpected inference ${what}, allowed ${role}s are: ${names.join(", ")}`];
    }
    const pairs: readonly (readonly [string, ExactInteger | string | undefined, string])[] = [
      ["data_type", tensor.data_type, datatypes[own.datatype].configName],
      ["dims", tensor.dims && shapeOf(tensor.dims), formatShape(own.dims)],
      ["optional", tensor.optional?.toString(), String(own.isOptional)],
      ["reshape", tensor.reshape && shapeOf(tensor.reshape.shape ?? []), "not there"],
    ];
    return pairs.flatMap(([field, theirs, ours]) => {
      if (theirs === undefined || theirs === ours) return [];
      return [
        `'${field}' of ${what} is ${theirs} in the configuration, but ${ours} in the definition`,
      ];
    });
  });
}

function shapeOf(dims: readonly ExactInteger[]): string {
  return `[${dims.join(",")}]`;
}
