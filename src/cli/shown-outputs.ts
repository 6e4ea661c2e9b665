/**
 * Outputs as a command prints them: a table for people, with long values shortened; or JSON, the
 * protocol's answer with nested data, one line a response.
 *
 * Not here: .npy (npy-file.ts).
 */
import { writeExactJson } from "../client/exact-json.ts";
import { responseOf } from "../client/response.ts";
import type { PlainTensor } from "../definition/plain-tensor.ts";
import { formatShape } from "../protocol/shape.ts";
import { escaped, quoted } from "./safe-text.ts";

export type ShownOutputs = Readonly<Record<string, PlainTensor>>;

export function tableText(outputs: ShownOutputs): string {
  const rows = Object.entries(outputs).map(([name, tensor]) => {
    return [escaped(name), tensor.datatype, formatShape(tensor.shape), valuesText(tensor)];
  });
  const widths = [0, 1, 2].map((at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  const lines = rows.map((row) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join("  "));
  return lines.map((line) => `${line.trimEnd()}\n`).join("");
}

const longestLine = 160;
/** Of a list that is longer than twice that, the first and the last ones. */
const shownEnds = 3;
const longestText = 60;

function valuesText(tensor: PlainTensor): string {
  const text = shortened(tensor.toNested());
  return text.length <= longestLine ? text : `${text.slice(0, longestLine)}...`;
}

function shortened(value: unknown): string {
  if (typeof value === "string") {
    return quoted(value.length <= longestText ? value : `${value.slice(0, longestText)}...`);
  }
  // FP32 has seven digits.
  if (typeof value === "number") return String(Number(value.toPrecision(7)));
  if (!Array.isArray(value)) return String(value);
  const isLong = value.length > 2 * shownEnds;
  const first = (isLong ? value.slice(0, shownEnds) : value).map(shortened);
  const last = isLong ? ["...", ...value.slice(-shownEnds).map(shortened)] : [];
  return `[${[...first, ...last].join(", ")}]`;
}

export function jsonText(outputs: ShownOutputs): string {
  const { id, modelName, modelVersion, parameters } = responseOf(outputs);
  const document = {
    ...(id !== "" && { id }),
    model_name: modelName,
    model_version: modelVersion,
    ...(Object.keys(parameters).length > 0 && { parameters }),
    outputs: Object.entries(outputs).map(([name, tensor]) => {
      const { datatype, shape } = tensor;
      return { name, datatype, shape, data: tensor.toNested() };
    }),
  };
  return `${escaped(writeExactJson(document))}\n`;
}
