/**
 * What a caller prefers, of a header that lists names with weights: `gzip;q=0.5, deflate`.
 */

/**
 * The highest weight above 0 wins, of equal ones the first. `choose` gets each name in lower case;
 * undefined: it does not count.
 */
export function preferred<Choice>(
  header: string,
  choose: (name: string) => Choice | undefined,
): Choice | undefined {
  let best: Choice | undefined;
  let bestWeight = 0;
  for (const part of header.split(",")) {
    const [name = "", ...options] = part.split(";").map((text) => text.trim().toLowerCase());
    const weight = weightOf(options);
    const choice = choose(name);
    if (choice === undefined || !(weight > bestWeight)) continue;
    best = choice;
    bestWeight = weight;
  }
  return best;
}

function weightOf(options: readonly string[]): number {
  const quality = options.find((option) => option.startsWith("q="));
  return quality === undefined ? 1 : Number(quality.slice(2));
}
