/**
 * TypeScript declarations of models: for the same models the same text, in the order of their
 * names. A version has an entry of its own, such as "linear/1", where it differs from the model
 * without a version.
 *
 * Names come from a server that may be anybody's: they stand in strings only, never in comments,
 * and nothing in them ends a string.
 */
import { formatShape } from "../protocol/shape.ts";
import type { DescribedModel, DescribedTensor } from "./described-models.ts";
import { quoted } from "./safe-text.ts";

const head = `// Written by \`shoal types\`: change the models, not this file.
import type { ModelType } from ${quoted("shoal/client")};

/** By name: \`client.model<Models["name"]>("name")\`. */
export interface Models {`;

export function typesText(models: readonly DescribedModel[]): string {
  const byKey = new Map<string, DescribedModel>();
  for (const model of models) if (model.version === undefined) byKey.set(model.name, model);
  for (const model of models) {
    const { name, version } = model;
    const key = `${name}/${version}`;
    const usual = byKey.get(name);
    const differs = usual === undefined || entryText("", usual) !== entryText("", model);
    if (version !== undefined && differs && !byKey.has(key)) byKey.set(key, model);
  }
  const entries = [...byKey].sort(byFirst).map(([key, model]) => entryText(key, model));
  return `${[head, ...entries].join("\n")}\n}\n`;
}

/** By code units: the same everywhere. */
function byFirst([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1;
}

function entryText(key: string, model: DescribedModel): string {
  const parts = [
    `    ${quoted(model.name)}`,
    tensorsText(model.inputs),
    tensorsText(model.outputs),
  ];
  const type = `ModelType<\n${parts.join(",\n")}\n  >`;
  return `${model.isDecoupled ? "  /** It streams. */\n" : ""}  readonly ${keyText(key)}: ${type};`;
}

function tensorsText(tensors: readonly DescribedTensor[]): string {
  if (tensors.length === 0) return "    {}";
  const lines = tensors.map(({ name, datatype, shape, isOptional }) => {
    const key = `${keyText(name)}${isOptional ? "?" : ""}`;
    return `      /** ${formatShape(shape)} */\n      readonly ${key}: "${datatype}";\n`;
  });
  return `    {\n${lines.join("")}    }`;
}

function keyText(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name);
}
