/**
 * Mistakes of a completed configuration by itself that show when the model is loaded: its backend,
 * tensors, what the model sees instead (reshape), instance groups, warm-up.
 *
 * Texts are Triton's, in its order, so that the first agrees with the only one that it tells.
 *
 * Not here: whether tensors agree with the model's file (graph-mistakes.ts).
 */
import type { ExactInteger, Written } from "../../protocol/written-config.ts";
import { ensemblePlatform } from "./complete-backend.ts";
import type { CompletedConfig } from "./normalise-config.ts";

export interface Machine {
  /** Numbers of the GPUs that models can run on; undefined: this server does not use any. */
  readonly gpus: readonly number[] | undefined;
  /** Names of the backends that this server has. */
  readonly backends: readonly string[];
}

type Tensor = Written<"ModelInput"> & Written<"ModelOutput">;

export function findLoadingMistakes(config: CompletedConfig, machine: Machine): readonly string[] {
  const { input, output } = config;
  const isBatching = config.max_batch_size > 0;
  const tensors = [
    ...input.flatMap((tensor) => tensorMistakes("model input", tensor, isBatching)),
    ...input.flatMap(formatMistakes),
    ...output.flatMap((tensor) => tensorMistakes("model output", tensor, isBatching)),
  ];
  return [
    ...backendMistakes(config, machine),
    ...tensors.map((mistake) => `${mistake} for ${config.name}`),
    ...groupMistakes(config, machine),
    ...tagMistakes(config),
    ...(config.model_warmup ?? []).flatMap((sample) => warmupMistakes(sample, config.name)),
  ];
}

function backendMistakes(
  { platform, backend }: CompletedConfig,
  { backends }: Machine,
): readonly string[] {
  if (platform === ensemblePlatform || backends.includes(backend)) return [];
  const remedy = "try specifying runtime on the model configuration.";
  return [`unable to find backend library for backend '${backend}', ${remedy}`];
}

function tensorMistakes(role: string, tensor: Tensor, isBatching: boolean): readonly string[] {
  const { name = "", data_type = "TYPE_INVALID", dims = [], reshape } = tensor;
  if (name === "") return [`${role} must specify 'name'`];
  const own: string[] = [];
  if (data_type === "TYPE_INVALID") own.push("must specify 'data_type'");
  if (dims.length === 0) own.push("must specify 'dims'");
  const isWrong = !dims.every(isDimension);
  if (isWrong) own.push(`dimension ${dimensionRule}`);
  else if (reshape !== undefined) own.push(...reshapeMistakes(dims, reshape, isBatching));
  const mistakes = own.map((mistake) => `${role} '${name}' ${mistake}`);
  if (tensor.is_shape_tensor !== true) return mistakes;
  return [...mistakes, "shape tensors are only supported for TensorRT platform"];
}

const dimensionRule = "must be integer >= 1, or -1 to indicate a variable-size dimension";

function isDimension(dimension: ExactInteger): boolean {
  return dimension >= 1 || dimension === -1;
}

function reshapeMistakes(
  dims: readonly ExactInteger[],
  { shape = [] }: Written<"ModelTensorReshape">,
  isBatching: boolean,
): readonly string[] {
  if (shape.length === 0 && !isBatching) {
    const why = "as scalar tensors are not supported";
    return [`cannot have empty reshape for non-batching model ${why}`];
  }
  if (!shape.every(isDimension)) return [`reshape dimensions ${dimensionRule}`];
  const [products, reshaped] = [productsBetweenVariables(dims), productsBetweenVariables(shape)];
  if (products.length !== reshaped.length) {
    return ["has different number of variable-size dimensions for dims and reshape"];
  }
  const isSame = products.every((product, index) => product === reshaped[index]);
  return isSame ? [] : ["has different size for dims and reshape"];
}

/** Of [2,3,-1,4]: 6 and 4. */
function productsBetweenVariables(dims: readonly ExactInteger[]): readonly bigint[] {
  const products = [1n];
  for (const dimension of dims) {
    if (dimension === -1) products.push(1n);
    else products.push((products.pop() ?? 1n) * BigInt(dimension));
  }
  return products;
}

function formatMistakes({ format = "FORMAT_NONE", dims = [] }: Tensor): readonly string[] {
  if (format === "FORMAT_NONE" || dims.length === 3) return [];
  return ["model input NHWC/NCHW require 3 dims"];
}

function groupMistakes(config: CompletedConfig, machine: Machine): readonly string[] {
  const { name, instance_group: groups } = config;
  const isIdle = groups.length > 0 && groups.every(({ passive }) => passive === true);
  return [
    ...groups.flatMap((group) => {
      return kindMistakes(group, machine).map((mistake) => {
        return `instance group ${group.name} of model ${name} ${mistake}`;
      });
    }),
    ...(isIdle ? [`all instance groups of model ${name} are passive: no request would run`] : []),
  ];
}

/** They become names of labels. */
function tagMistakes({ name, metric_tags = {} }: CompletedConfig): readonly string[] {
  const wrong = Object.keys(metric_tags).filter((key) => !/^[a-z0-9][a-z0-9_]*$/i.test(key));
  return wrong.map((key) => {
    return `metric tag '${key}' must consist of letters, digits and underscores for ${name}`;
  });
}

function kindMistakes(
  { kind = "KIND_AUTO", gpus = [] }: Written<"ModelInstanceGroup">,
  machine: Machine,
): readonly string[] {
  const has = `has kind ${kind} but`;
  if (kind !== "KIND_GPU") return gpus.length === 0 ? [] : [`${has} specifies one or more GPUs`];
  if (machine.gpus === undefined) return [`${has} server does not support GPUs`];
  if (machine.gpus.length === 0) return [`${has} no GPUs are available`];
  const unknown = gpus.filter((gpu) => machine.gpus?.includes(gpu) !== true);
  return unknown.map((gpu) => `specifies invalid or unsupported gpu id ${gpu}`);
}

function warmupMistakes(
  { name: sample = "", inputs = {} }: Written<"ModelWarmup">,
  modelName: string,
): readonly string[] {
  return Object.entries(inputs).flatMap(
    ([input, { data_type = "TYPE_INVALID", dims, ...rest }]) => {
      const must = `model_warmup '${sample}' input '${input}' must specify`;
      const sources = "'zero_data', 'random_data' or 'input_data_file'";
      const isOpen = dims?.some((dimension) => dimension < 1) === true;
      return [
        ...(data_type === "TYPE_INVALID" ? [`${must} 'data_type' for ${modelName}`] : []),
        ...(Object.keys(rest).length === 0 ? [`${must} ${sources} for ${modelName}`] : []),
        ...(isOpen
          ? [
              `warmup setting expects all variable-size dimensions are specified for input '${input}'`,
            ]
          : []),
      ];
    },
  );
}
