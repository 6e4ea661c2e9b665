/**
 * What differs between two texts, line by line: `- ` went, `+ ` came; in front of that, as it is,
 * the line of two spaces' indentation that it belongs to.
 *
 * The longest common subsequence, in time and memory of the product of what is between their equal
 * beginnings and ends: enough for declarations; beyond a limit all of that counts as different.
 */

/** Cells of the table. */
const largestTable = 4_000_000;

/** Empty: nothing differs. */
export function lineDifference(old: readonly string[], now: readonly string[]): readonly string[] {
  let start = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) start += 1;
  let tail = 0;
  const most = Math.min(old.length, now.length) - start;
  while (tail < most && old.at(-1 - tail) === now.at(-1 - tail)) tail += 1;
  const went = old.slice(start, old.length - tail);
  const came = now.slice(start, now.length - tail);
  const changes = (went.length + 1) * (came.length + 1) > largestTable ? [] : changesOf(went, came);
  const all = changes.length > 0 ? changes : [...marked("- ", went), ...marked("+ ", came)];
  return withPlaces([...marked("  ", old.slice(0, start)), ...all]);
}

function marked(mark: string, lines: readonly string[]): readonly string[] {
  return lines.map((line) => `${mark}${line}`);
}

/** Equal ones, too. */
function changesOf(old: readonly string[], now: readonly string[]): readonly string[] {
  const commonFrom = commonCounts(old, now);
  const lines: string[] = [];
  let one = 0;
  let other = 0;
  while (one < old.length && other < now.length) {
    if (old[one] === now[other]) {
      lines.push(`  ${old[one]}`);
      one += 1;
      other += 1;
    } else if (commonFrom(one + 1, other) >= commonFrom(one, other + 1)) {
      lines.push(`- ${old[one]}`);
      one += 1;
    } else {
      lines.push(`+ ${now[other]}`);
      other += 1;
    }
  }
  return [...lines, ...marked("- ", old.slice(one)), ...marked("+ ", now.slice(other))];
}

/** How many lines have both in common, in order, from a line of the one and of the other on. */
function commonCounts(old: readonly string[], now: readonly string[]) {
  const width = now.length + 1;
  const table = new Uint32Array((old.length + 1) * width);
  const countFrom = (one: number, other: number): number => table[one * width + other] ?? 0;
  for (let one = old.length - 1; one >= 0; one -= 1) {
    for (let other = now.length - 1; other >= 0; other -= 1) {
      table[one * width + other] =
        old[one] === now[other]
          ? countFrom(one + 1, other + 1) + 1
          : Math.max(countFrom(one + 1, other), countFrom(one, other + 1));
    }
  }
  return countFrom;
}

/** Without the lines that are equal, but for those that say where the others are. */
function withPlaces(lines: readonly string[]): readonly string[] {
  const kept: string[] = [];
  let place = "";
  for (const line of lines) {
    if (/^ {4}\S.*[{<]$/.test(line)) place = line;
    else if (/^ {4}\S/.test(line)) place = "";
    if (line.startsWith("  ")) continue;
    if (place !== "") kept.push(place);
    place = "";
    kept.push(line);
  }
  return kept;
}
