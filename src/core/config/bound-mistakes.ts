/**
 * Mistakes of size: numbers that a configuration may hold, and no server. Each of them becomes
 * memory, or time in the server's own thread, before any request has come; so whoever may override a
 * configuration could end the server with them.
 *
 * Not here: how many instances there may be, which is counted where they are made
 * (executor/repository-source.ts), and how long a text is (the readers' own bounds).
 */
import { datatypes } from "../../protocol/datatype.ts";
import type { Written, WrittenConfig } from "../../protocol/written-config.ts";

/** Each row has flags in every instance. */
const mostRows = 2 ** 20;

/** Each is a queue. */
const mostLevels = 1024;

const mostDimensions = 64;

/** Of one batch of the warm-up. */
const mostWarmupBytes = 2 ** 30;

/** Of a request beside its data. */
const requestBytes = 4096;

/** Of a random element, before it is one of its datatype. */
const randomBytes = 32;

type Shaped = Pick<Written<"ModelInput">, "name" | "dims" | "reshape">;

export function findBoundMistakes(config: WrittenConfig, name: string): readonly string[] {
  const { max_batch_size = 0, dynamic_batching, input = [], output = [] } = config;
  const levels = dynamic_batching?.priority_levels ?? 0;
  return [
    ...(max_batch_size > mostRows
      ? [tooMany("'max_batch_size' is", max_batch_size, mostRows)]
      : []),
    ...(levels > mostLevels ? [tooMany("'priority_levels' is", levels, mostLevels)] : []),
    ...input.flatMap((tensor) => dimensionMistakes("model input", tensor)),
    ...output.flatMap((tensor) => dimensionMistakes("model output", tensor)),
    ...(config.model_warmup ?? []).flatMap(warmupMistakes),
  ].map((mistake) => `${mistake} for ${name}`);
}

function dimensionMistakes(
  role: string,
  { name = "", dims = [], reshape }: Shaped,
): readonly string[] {
  const count = Math.max(dims.length, reshape?.shape?.length ?? 0);
  if (count <= mostDimensions) return [];
  return [tooMany(`${role} '${name}' has`, count, mostDimensions, "dimensions")];
}

function warmupMistakes(sample: Written<"ModelWarmup">): readonly string[] {
  const { name = "", batch_size: rows = 0, inputs = {} } = sample;
  const long = Object.entries(inputs).flatMap(([input, written]) => {
    return dimensionMistakes(`model_warmup '${name}' input`, { ...written, name: input });
  });
  if (long.length > 0) return long;
  const each = Object.values(inputs).map(bytesOf);
  const bytes = BigInt(rows) * each.reduce((one, other) => one + other, BigInt(requestBytes));
  if (bytes <= mostWarmupBytes) return [];
  return [tooMany(`a batch of model_warmup '${name}' takes`, bytes, mostWarmupBytes, "bytes")];
}

function bytesOf({ data_type, dims = [], random_data }: Written<"ModelWarmup.Input">): bigint {
  const known = Object.values(datatypes).find(({ configName }) => configName === data_type);
  const size = random_data === undefined ? known?.byteSize || 4 : randomBytes;
  return dims.reduce<bigint>((product, dimension) => product * BigInt(dimension), BigInt(size));
}

function tooMany(what: string, count: number | bigint, most: number, unit = ""): string {
  return `${what} ${count}${unit && ` ${unit}`}, more than ${most},`;
}
