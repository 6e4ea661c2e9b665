/**
 * The name that somebody may have meant: for errors about names that do not exist.
 *
 * Distance in single-letter edits, case ignored. Quadratic in the length of a name, which is
 * enough for a few dozen short names; names of very different lengths are not compared. It lives
 * here because every layer may import it.
 */

/** Undefined if no name is close: more than a third of the letters would have to change. */
export function nearestName(wrong: string, names: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let leastEdits = Math.floor(Math.max(wrong.length, 3) / 3) + 1;
  for (const name of names) {
    if (Math.abs(wrong.length - name.length) >= leastEdits) continue;
    const edits = editCount(wrong.toLowerCase(), name.toLowerCase());
    if (edits < leastEdits) {
      leastEdits = edits;
      nearest = name;
    }
  }
  return nearest;
}

function editCount(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1];
    for (const [column, other] of [...to].entries()) {
      const replaced = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
