/**
 * Shell lines as documents print them: taken apart into commands and words, and `curl` without
 * curl, so that the documents can be tested where it is not installed.
 *
 * Quotes, a backslash at the end of a line and comments are understood. Pipes, variables and the
 * like are refused: a document that needs them should be simpler.
 */

/** Variables set for this command alone come first, as in a shell. */
export interface Command {
  readonly env: Readonly<Record<string, string>>;
  readonly words: readonly string[];
}

const token = /'([^']*)'|"([^"$`\\]*)"|([^\s'"|&;<>$`(){}*?\\]+)/y;

export function commandsIn(code: string): readonly Command[] {
  const commands: Command[] = [];
  let words: string[] = [];
  let at = 0;
  const finish = (): void => {
    if (words.length > 0) commands.push(toCommand(words));
    words = [];
  };
  while (at < code.length) {
    const gap = /\\\n|[^\S\n]+|#[^\n]*/y;
    gap.lastIndex = at;
    if (code[at] === "\n") {
      finish();
      at += 1;
    } else if (gap.test(code)) at = gap.lastIndex;
    else {
      const word = readWord(code, at);
      words.push(word.text);
      at = word.end;
    }
  }
  finish();
  return commands;
}

/** Parts that touch each other are one word. */
function readWord(code: string, start: number): { readonly text: string; readonly end: number } {
  let text = "";
  let end = start;
  for (;;) {
    token.lastIndex = end;
    const part = token.exec(code);
    if (part === null) break;
    text += part[1] ?? part[2] ?? part[3] ?? "";
    end = token.lastIndex;
  }
  if (end === start) {
    throw new Error(`no shell line for a document: ${code.slice(start).split("\n", 1)[0]}`);
  }
  return { text, end };
}

function toCommand(words: readonly string[]): Command {
  const first = words.findIndex((word) => !/^[A-Z_]+=/.test(word));
  const assignments = words.slice(0, first === -1 ? words.length : first);
  const env = assignments.map((word): [string, string] => {
    const at = word.indexOf("=");
    return [word.slice(0, at), word.slice(at + 1)];
  });
  return { env: Object.fromEntries(env), words: words.slice(assignments.length) };
}

export interface Answer {
  /** Status line and headers, if they were asked for. */
  readonly head: readonly string[];
  readonly body: string;
}

/** `addressOf` gives the address of a server that a document calls `localhost:8000`. */
export async function curl(
  words: readonly string[],
  addressOf: (host: string) => Promise<string>,
): Promise<Answer> {
  const { url, method, headers, data, showsHead } = readCurl(words);
  const { host } = new URL(url);
  const response = await fetch(url.replace(host, await addressOf(host)), {
    method: method ?? (data === undefined ? "GET" : "POST"),
    headers: { "Accept-Encoding": "identity", ...headers },
    ...(data !== undefined && { body: data }),
  });
  const head = [`HTTP/1.1 ${response.status} ${response.statusText}`];
  response.headers.forEach((value, name) => {
    head.push(`${name}: ${value}`);
  });
  return { head: showsHead ? head : [], body: await response.text() };
}

interface CurlCall {
  url: string;
  method: string | undefined;
  headers: Record<string, string>;
  data: string | undefined;
  showsHead: boolean;
}

function readCurl(words: readonly string[]): CurlCall {
  const call: CurlCall = {
    url: "",
    method: undefined,
    headers: {},
    data: undefined,
    showsHead: false,
  };
  const rest = words.slice(1);
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (/^-[siN]+$/.test(word)) call.showsHead ||= word.includes("i");
    else if (word === "-d") call.data = rest.shift();
    else if (word === "-X") call.method = rest.shift();
    else if (word === "-H") {
      const [name = "", value = ""] = (rest.shift() ?? "").split(/:\s*/, 2);
      call.headers[name] = value;
    } else if (word.startsWith("-")) throw new Error(`shell.ts does not know curl ${word}`);
    else call.url = word;
  }
  return call;
}
