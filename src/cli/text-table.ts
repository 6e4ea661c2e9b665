/**
 * A table of texts for people: columns that are as wide as their widest cell, two spaces between
 * them. Cells are somebody else's texts: each becomes one line that is harmless to a terminal.
 */
import { oneLine } from "./safe-text.ts";

export interface TextTable {
  /** Its titles; a column whose title ends in a space stands to the right. */
  readonly titles: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A colour of a terminal, for a whole cell. */
export type Paint = (text: string, row: number, column: number) => string;

export interface TableStyle {
  /** Longer lines are cut off; undefined: none is. */
  readonly columns?: number | undefined;
  readonly paint?: Paint | undefined;
}

/** Each line with its end. */
export function tableLines({ titles, rows }: TextTable, style: TableStyle = {}): readonly string[] {
  const cells = [titles.map((title) => title.trimEnd()), ...rows.map((row) => row.map(oneLine))];
  const isRight = titles.map((title) => title.endsWith(" "));
  const widths = titles.map((_, column) => {
    return Math.max(...cells.map((row) => row[column]?.length ?? 0));
  });
  const { columns = Number.POSITIVE_INFINITY, paint = (text: string) => text } = style;
  return cells.map((row, index) => {
    let left = columns;
    const parts = row.map((cell, column) => {
      const width = widths[column] ?? 0;
      const padded = isRight[column] === true ? cell.padStart(width) : cell.padEnd(width);
      const shown = fitted(column === row.length - 1 ? padded.trimEnd() : padded, left);
      left = Math.max(0, left - width - 2);
      return index === 0 ? shown : paint(shown, index - 1, column);
    });
    return `${parts.join("  ").trimEnd()}\n`;
  });
}

/** Of lines as many as there is room for, and then how many more there are. */
export function linesWithin(lines: readonly string[], most: number): readonly string[] {
  if (lines.length <= most) return lines;
  const shown = lines.slice(0, Math.max(1, most - 1));
  return [...shown, `... and ${lines.length - shown.length} more\n`];
}

function fitted(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, Math.max(0, columns - 3))}...`;
}
