/**
 * Findings of `shoal check`: what keeps a model from being served (mistakes), and what its author
 * may not have meant (warnings), each with its file and field.
 *
 * Texts of configurations are Triton's, and have their field inside: it is found by their words. A
 * field's line is told where the file has that field once.
 */
import { tokensOf } from "../server/repository/config-text-tokens.ts";

export interface Finding {
  readonly level: "mistake" | "warning";
  /** Undefined: it is about no model, or about all. */
  readonly model?: string | undefined;
  readonly file: string;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
  readonly field?: string | undefined;
  readonly message: string;
}

/** The first that fits names the field; `$1` as in replace(). */
const fieldPatterns: readonly (readonly [words: RegExp, field: string])[] = [
  [/^'([\w.]+)' (?:is not supported|must be)/, "$1"],
  [/^must specify 'platform'|platform type|'platform' and 'backend'|backend library/, "backend"],
  [/^unexpected directory name/, "name"],
  [/^dynamic batching preferred size/, "dynamic_batching.preferred_batch_size"],
  [/^default priority level/, "dynamic_batching.default_priority_level"],
  [/^priority queue policy/, "dynamic_batching.priority_queue_policy"],
  [/'preserve_ordering'/, "dynamic_batching.preserve_ordering"],
  [/^ensemble scheduling|^ensemble '/i, "ensemble_scheduling"],
  [/^Response Cache/, "response_cache"],
  [/^model (input|output) '([^']*)'.* reshape/, "$1 '$2'.reshape"],
  [/^model (input|output) '([^']*)' must specify '(\w+)'/, "$1 '$2'.$3"],
  [/^model (input|output) '([^']*)' dimension/, "$1 '$2'.dims"],
  [/^model (input|output) must specify '(\w+)'/, "$1.$2"],
  [/^model input NHWC/, "input.format"],
  [/^shape tensors/, "is_shape_tensor"],
  [/^instance group/, "instance_group"],
  [/^model_warmup|^warmup setting|^warm-up file/, "model_warmup"],
  [/^label file/, "output.label_filename"],
  [/for (input|output) '([^']*)', model provides/, "$1 '$2'.data_type"],
  [/^unexpected inference (input|output) '([^']*)'/, "$1 '$2'"],
  [/configuration expects \d+ inputs/, "input"],
  [/tensor '([^']*)': the model expects/, "tensor '$1'.dims"],
  [/, '([\w.]+)' of (input|output) '([^']*)' is .* in the configuration, but/, "$2 '$3'.$1"],
  [/, '([\w.]+)' is .*in the configuration, but/, "$1"],
  [/for the model to support batching|max_batch_size/, "max_batch_size"],
  [/optional input '([^']*)'/, "input '$1'.optional"],
  [/version policy/, "version_policy"],
];

export function fieldOf(message: string): string | undefined {
  for (const [words, field] of fieldPatterns) {
    const found = words.exec(message);
    if (found !== null) return field.replace(/\$(\d)/g, (_, at: string) => found[Number(at)] ?? "");
  }
  return undefined;
}

/** Of a field in a configuration's text; undefined: it is there not once. */
export function lineOf(field: string, text: string): number | undefined {
  const named = /'([^']*)'/.exec(field)?.[1];
  const key = field.split(/[.']/).at(-1) || (field.split(/[ .]/)[0] ?? field);
  const tokens = tokensOf(text);
  const places = tokens.filter(({ text: word }, index) => {
    if (named !== undefined) return word === `"${named}"` || word === `'${named}'`;
    return word === key && [":", "{", "["].includes(tokens[index + 1]?.text ?? "");
  });
  const [only, ...others] = places;
  if (only === undefined || others.length > 0) return undefined;
  return text.slice(0, only.offset).split("\n").length;
}
