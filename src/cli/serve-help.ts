/**
 * Help of `shoal serve`: the flag table for people, in lines of at most 80 columns.
 *
 *   HTTP
 *     --http-port PORT         port for HTTP; 0: any that is free (8000)
 *
 * By groups, those that have an effect; what is only accepted, and what is refused, in lists of names
 * below. Titles are bold: whoever prints it takes that away where no terminal shows it.
 */
import { type Flag, flagGroups, serveFlags } from "./flag-table.ts";
import { placeholderOf } from "./flag-values.ts";

const mostColumns = 80;
/** Where meanings begin; a longer flag has a line of its own. */
const meaningAt = 31;

const opening = `Usage: shoal serve [flags] [file|folder...]

Serves model repositories, named here or by --model-repository, and the models
that files define: .js, .mjs or .ts, or folders of such files.

  shoal serve models/
  shoal serve server.mjs --http-port 9000 --max-body-size=1048576
  shoal serve --model-repository=models --model-control-mode=explicit

A flag is written --http-port 8000 or --http-port=8000, or stands in the
environment, SHOAL_HTTP_PORT=8000, or in this folder's shoal.config.ts:
export default { httpPort: 8000 }. A BOOL is true, false, 1 or 0; left out it is
true. In brackets: what holds without the flag.`;

const closing = `Exit code: 0 after SIGINT or SIGTERM; 1 if something keeps it from starting;
70 if a model that cannot go on takes the server with it; 137 if it did not stop
in time, or at a second signal.`;

export function serveHelp(): string {
  const groups = flagGroups.flatMap(({ title, flags }) => {
    const shown = flags.filter(({ status }) => status === "option");
    return shown.length === 0 ? [] : [section(title, shown.flatMap(linesOf))];
  });
  const accepted = serveFlags.filter(({ status }) => status === "accepted");
  const parts = [
    opening,
    ...groups,
    section("Accepted, without effect", wrapped(namesOf(accepted), 2)),
    section("Not there yet: refused", absentLines("not yet")),
    section("Refused", absentLines("refused")),
    closing,
  ];
  return `${parts.join("\n\n")}\n`;
}

function section(title: string, lines: readonly string[]): string {
  return [`\u001b[1m${title}\u001b[22m`, ...lines].join("\n");
}

function linesOf(flag: Flag): readonly string[] {
  const { default: value, kind, means } = flag;
  const term = `  --${flag.flag} ${placeholderOf(kind)}`;
  const shown = String(value ?? "");
  const byDefault = shown === "" ? "" : ` (${shown})`;
  const [first = "", ...others] = wrapped(`${means}${byDefault}`.split(" "), meaningAt);
  if (term.length >= meaningAt - 1) return [term, first, ...others];
  return [term.padEnd(meaningAt) + first.trimStart(), ...others];
}

/** By what they need. */
function absentLines(status: Flag["status"]): readonly string[] {
  const flags = serveFlags.filter((flag) => flag.status === status);
  return [...new Set(flags.map(({ means }) => means))].flatMap((reason) => {
    const those = flags.filter(({ means }) => means === reason);
    return [`  ${reason}`, ...wrapped(namesOf(those), 4)];
  });
}

function namesOf(flags: readonly Flag[]): readonly string[] {
  return flags.map(({ flag }) => `--${flag}`);
}

/** Lines that begin in this column. */
function wrapped(words: readonly string[], column: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of words) {
    if (line !== "" && column + line.length + 1 + word.length > mostColumns) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].map((text) => " ".repeat(column) + text);
}
