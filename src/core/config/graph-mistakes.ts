/**
 * Where a configuration and the ONNX graph that it is for disagree; each text shows both sides.
 *
 * Every input of the graph must be configured, outputs may be a subset. A dynamic dimension of the
 * graph takes any; -1 in the configuration needs a dynamic one. What the graph is given is compared:
 * the reshaped form, with the batch dimension.
 *
 * Texts are Triton's.
 */
import { datatypes } from "../../protocol/datatype.ts";
import type { ExactInteger, Written } from "../../protocol/written-config.ts";
import type { Graph, GraphTensor } from "./complete-from-graph.ts";
import type { CompletedConfig } from "./normalise-config.ts";

type Tensor = Written<"ModelInput"> & Written<"ModelOutput">;
type Role = "input" | "output";

export function findGraphMistakes(config: CompletedConfig, graph: Graph): readonly string[] {
  const { name, input, output } = config;
  const unable = `unable to load model '${name}', `;
  const isBatching = config.max_batch_size > 0;
  const [expected, provided] = [input.length, graph.inputs.length];
  const optional = input.filter((tensor) => tensor.optional === true);
  return [
    ...(expected === provided
      ? []
      : [`${unable}configuration expects ${expected} inputs, model provides ${provided}`]),
    ...tensorMistakes("input", input, graph.inputs, config),
    ...tensorMistakes("output", output, graph.outputs, config),
    ...(isBatching ? optional : []).map((tensor) => {
      const why = "is not supported for models that support batching";
      return `${unable}optional input '${tensor.name}' ${why}`;
    }),
  ];
}

function tensorMistakes(
  role: Role,
  tensors: readonly Tensor[],
  provided: readonly GraphTensor[],
  config: CompletedConfig,
): readonly string[] {
  const unable = `unable to load model '${config.name}', `;
  return tensors.flatMap((tensor) => {
    const found = provided.find(({ name }) => name === tensor.name);
    if (found === undefined) {
      const names = provided.map(({ name }) => name).sort();
      const allowed = `allowed ${role}s are: ${names.join(", ")}`;
      return [`unexpected inference ${role} '${tensor.name}', ${allowed}`];
    }
    const type = datatypes[found.datatype].configName;
    const isType = tensor.data_type === type;
    const wrongType =
      `${unable}configuration expects datatype ${tensor.data_type} for ${role} ` +
      `'${tensor.name}', model provides ${type}`;
    const shape = shapeMistakes(tensor, found.shape, config).map((why) => {
      return `${unable}model '${config.name}', tensor '${tensor.name}': ${why}`;
    });
    return isType ? shape : [wrongType, ...shape];
  });
}

function shapeMistakes(
  { dims = [], reshape }: Tensor,
  provided: readonly number[],
  config: CompletedConfig,
): readonly string[] {
  const isBatching = config.max_batch_size > 0;
  if (isBatching && provided[0] !== -1) {
    const rule = "the shape should have at least 1 dimension and the first dimension must be -1";
    return [
      `for the model to support batching ${rule}; but shape expected by the model is ` +
        shown(provided),
    ];
  }
  const explicit = reshape === undefined ? dims : (reshape.shape ?? []);
  const whole = isBatching ? [-1, ...explicit] : explicit;
  // Without batches a scalar is [1].
  const own = provided.length === 0 ? [1] : provided;
  const fits =
    own.length === whole.length && own.every((size, at) => size === -1 || size === whole[at]);
  if (fits) return [];
  const explained = isBatching
    ? "an initial batch dimension because max_batch_size > 0 followed by the explicit tensor " +
      `shape, making complete shape ${shown(whole)}`
    : `shape ${shown(whole)}`;
  return [
    `the model expects ${provided.length} dimensions (shape ${shown(provided)}) but the model ` +
      `configuration specifies ${whole.length} dimensions (${explained})`,
  ];
}

function shown(shape: readonly ExactInteger[]): string {
  return `[${shape.join(",")}]`;
}
