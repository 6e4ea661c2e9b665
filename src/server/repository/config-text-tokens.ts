/**
 * The tokens of protobuf's text format, as far as it takes to say where something is; what they
 * mean is up to the parser.
 */
export interface TextToken {
  readonly text: string;
  /** In the whole text. */
  readonly offset: number;
}

/** Comments; strings, which end with their line at the latest; signs; words; whatever else. */
const token =
  /#[^\n]*|"[^"\\\n]*(?:\\[\s\S][^"\\\n]*)*"?|'[^'\\\n]*(?:\\[\s\S][^'\\\n]*)*'?|[{}<>:[\],;-]|[^\s#"'{}<>:[\],;-]+|[^ \t\v\f\r\n]/g;

/** Without comments. */
export function tokensOf(text: string): readonly TextToken[] {
  const all = Array.from(text.matchAll(token), (match) => ({
    text: match[0],
    offset: match.index,
  }));
  return all.filter((each) => !each.text.startsWith("#"));
}

/** A blank for each comma behind the last element of a list; all else stays where it is. */
export function withoutLastCommas(text: string, tokens: readonly TextToken[]): string {
  const commas = tokens.filter((each, index) => {
    const isLast = each.text === "," && tokens[index + 1]?.text === "]";
    return isLast && !["[", ","].includes(tokens[index - 1]?.text ?? "[");
  });
  let start = 0;
  const parts = commas.map(({ offset }) => {
    const part = text.slice(start, offset);
    start = offset + 1;
    return part;
  });
  return [...parts, text.slice(start)].join(" ");
}
