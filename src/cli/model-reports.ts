/**
 * What a server says of its models, as rows of a table: its index, and its statistics.
 *
 * A server may be anybody's: what is no answer of the protocol is a UsageError that says so.
 */
import type { IndexEntry, JsonObject } from "../client/connection.ts";
import { type Fields, isFields } from "../protocol/fields.ts";
import type { Paint, TextTable } from "./text-table.ts";
import { UsageError } from "./usage-error.ts";

export function checkedIndex(index: unknown): readonly IndexEntry[] {
  if (!Array.isArray(index) || !index.every(isFields)) {
    throw new UsageError("the server's index is no list of models");
  }
  return index as unknown as readonly IndexEntry[];
}

const stateColumn = 2;

export function indexTable(index: readonly IndexEntry[]): TextTable {
  return {
    titles: ["MODEL", "VERSION", "STATE", "REASON"],
    rows: index.map(({ name, version = "-", state = "-", reason = "" }) => {
      return [name, version, state, reason].map(String);
    }),
  };
}

const stateColours: Readonly<Record<string, number>> = {
  READY: 32,
  UNAVAILABLE: 31,
  LOADING: 33,
  UNLOADING: 33,
};

export const paintState: Paint = (text, _row, column) => {
  const colour = stateColours[text.trim()];
  return column === stateColumn && colour !== undefined
    ? `\u001b[${colour}m${text}\u001b[39m`
    : text;
};

export function statisticsTable({ model_stats: models }: JsonObject): TextTable {
  if (!Array.isArray(models) || !models.every(isFields)) {
    throw new UsageError("the server's statistics are no list of models");
  }
  return {
    titles: [
      "MODEL",
      "VERSION",
      "SUCCEEDED ",
      "FAILED ",
      "ROWS ",
      "BATCHES ",
      "ROWS/BATCH ",
      "QUEUE ",
      "COMPUTE ",
    ],
    rows: models.map(statisticsRow),
  };
}

function statisticsRow(model: Fields): readonly string[] {
  const stats = fieldsIn(model, "inference_stats");
  const [rows, batches] = [numberIn(model, "inference_count"), numberIn(model, "execution_count")];
  const counted = (name: string): number => numberIn(fieldsIn(stats, name), "count");
  return [
    String(model["name"]),
    String(model["version"] ?? "-"),
    String(counted("success")),
    String(counted("fail")),
    String(rows),
    String(batches),
    batches === 0 ? "-" : (rows / batches).toFixed(1),
    meanOf(fieldsIn(stats, "queue")),
    meanOf(fieldsIn(stats, "compute_infer")),
  ];
}

/** Of nanoseconds. */
function meanOf(duration: Fields): string {
  const [count, ns] = [numberIn(duration, "count"), numberIn(duration, "ns")];
  return count === 0 ? "-" : `${(ns / count / 1e6).toFixed(3)} ms`;
}

function fieldsIn(fields: Fields, name: string): Fields {
  const value = fields[name];
  return isFields(value) ? value : {};
}

/** Numbers of 64 bits may come as texts. */
function numberIn(fields: Fields, name: string): number {
  const value = Number(fields[name] ?? 0);
  return Number.isFinite(value) ? value : 0;
}
