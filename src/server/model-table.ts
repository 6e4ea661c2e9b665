/**
 * Model table: what a server has, as it is printed at the start. Triton's form, which scripts read.
 *
 *   +--------+---------+--------+
 *   | Model  | Version | Status |
 *   +--------+---------+--------+
 *   | linear | 1       | READY  |
 *   +--------+---------+--------+
 */
import type { ModelIndexEntry } from "../core/inference-service.ts";

const heads = ["Model", "Version", "Status"];

export function modelTable(entries: readonly ModelIndexEntry[]): readonly string[] {
  const rows = entries.map(({ name, version, state, reason }) => [
    name,
    version === undefined ? "-" : String(version),
    reason === "" ? state : `${state}: ${reason.replace(/\s+/g, " ").trim()}`,
  ]);
  const widths = heads.map((head, column) =>
    Math.max(head.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = `+${widths.map((width) => "-".repeat(width + 2)).join("+")}+`;
  const format = (cells: readonly string[]): string =>
    `|${cells.map((cell, column) => ` ${cell.padEnd(widths[column] ?? 0)} `).join("|")}|`;
  return [line, format(heads), line, ...rows.map(format), line];
}
