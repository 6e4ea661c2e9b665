/**
 * The rules that keep the sources tidy, as functions: sources in, complaints out.
 *
 * tidy.test.ts runs each over the repository and over planted faults. A rule reads text, not
 * syntax trees: it is a net for mistakes, not for malice. Comments are removed first where words
 * in them would count.
 *
 * Not here: what the compiler or a linter already refuses (`any`, default exports, import
 * endings, complexity).
 */
import { posix } from "node:path";

export interface Source {
  /** Relative to src/, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

export type Rule = (sources: readonly Source[]) => readonly string[];

/** Each folder with the folders it may import from. What is not listed is forbidden. */
const layers: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  core: ["protocol"],
  definition: ["protocol"],
  backends: ["protocol", "definition"],
  executor: ["protocol", "core", "definition", "backends"],
  frontends: ["protocol", "core"],
  server: ["protocol", "core", "definition", "backends", "executor", "frontends"],
  testing: ["protocol", "core", "definition", "backends", "executor", "frontends", "server"],
  client: ["protocol", "definition"],
  cli: ["protocol", "core", "definition", "backends", "executor", "frontends", "server", "client"],
};

/** The public lists of names: the only files that may re-export. */
const entryPoints = [
  "index.ts",
  "onnx.ts",
  "testing.ts",
  "client.ts",
  "client-node.ts",
  "client-grpc.ts",
];

/** Packages, and the folders whose code may need them. */
const packages: Readonly<Record<string, readonly string[]>> = {
  "@grpc/grpc-js": ["frontends", "server"],
  commander: ["cli"],
  jiti: ["executor", "server", "cli"],
  "onnxruntime-node": ["backends", "testing"],
  pino: ["server", "cli"],
  protobufjs: ["testing"],
  "protobufjs/ext/textformat.js": ["server"],
  "protobufjs/light.js": ["server"],
  "protobufjs/minimal.js": ["frontends", "client"],
  sharp: ["cli"],
};

/** In these, time and chance are arguments, so that a simulation decides them. */
const pureFolders = ["protocol", "core"];

const bannedCalls =
  /\b(Date\.now|new Date\(|performance\.|setTimeout|setInterval|setImmediate|queueMicrotask|Math\.random|crypto\.)/;

const nodeGlobals = /\b(Buffer|process|globalThis|__dirname|require)\b(?!["'])/;

export function folderOf(path: string): string {
  return path.includes("/") ? (path.split("/")[0] ?? "") : "";
}

export function isTest(path: string): boolean {
  return /\.test(-d)?\.ts$/.test(path);
}

/** Good enough for our formatting; a `//` inside a string loses the rest of its line. */
export function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|[^:"'`])\/\/.*$/gm, "$1");
}

/** Every module named by an import, an export from, or a dynamic import. */
export function importsOf(text: string): readonly string[] {
  const code = withoutComments(text);
  const named = code.matchAll(/\b(?:from|import)\s*\(?\s*["']([^"']+)["']/g);
  return Array.from(named, (match) => match[1] ?? "");
}

function relativeImportsOf({ path, text }: Source): readonly string[] {
  return importsOf(text)
    .filter((target) => target.startsWith("."))
    .map((target) => posix.normalize(posix.join(posix.dirname(path), target)));
}

function shipped(sources: readonly Source[]): readonly Source[] {
  return sources.filter(({ path }) => !isTest(path));
}

export const importsOnlyDownwards: Rule = (sources) =>
  shipped(sources).flatMap((source) => {
    const from = folderOf(source.path);
    const allowed = layers[from];
    if (from === "") return [];
    if (allowed === undefined) return [`${source.path}: folder ${from} is in no layer`];
    return relativeImportsOf(source)
      .filter((target) => target !== "assert.ts" && folderOf(target) !== from)
      .filter((target) => !allowed.includes(folderOf(target)))
      .map((target) => `${source.path} imports ${target}`);
  });

/** A file that reaches itself by static or lazy imports; each cycle is told once. */
export const hasNoCycles: Rule = (sources) => {
  const graph = new Map(shipped(sources).map((source) => [source.path, relativeImportsOf(source)]));
  const done = new Set<string>();
  const complaints: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start !== -1) complaints.push([...trail.slice(start), path].join(" -> "));
    if (start !== -1 || done.has(path)) return;
    for (const target of graph.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return complaints;
};

export const opensWithHeader: Rule = (sources) =>
  sources
    .filter(({ text }) => !/^(#!.*\n)?\/\*\*[\s*]*[A-Za-z`]/.test(text))
    .map(({ path }) => `${path} does not open with a header comment`);

export const isShortEnough: Rule = (sources) =>
  sources.flatMap(({ path, text }) => {
    const lines = text.trimEnd().split("\n").length;
    const most = isTest(path) ? 600 : 400;
    return lines > most ? [`${path} has ${lines} lines, more than ${most}`] : [];
  });

export const decidesWithoutClockOrChance: Rule = (sources) =>
  pure(sources).flatMap(({ path, text }) => {
    const found = bannedCalls.exec(withoutComments(text));
    return found === null ? [] : [`${path} uses ${found[1]}`];
  });

export const knowsNoNode: Rule = (sources) =>
  pure(sources).flatMap(({ path, text }) => {
    const modules = importsOf(text).filter((target) => !target.startsWith("."));
    const found = nodeGlobals.exec(withoutStrings(withoutComments(text)));
    const globals = found === null ? [] : [found[1]];
    return [...modules, ...globals].map((name) => `${path} uses ${name}`);
  });

/** Libraries stay where they belong; whoever needs one elsewhere changes the table on purpose. */
export const usesPackagesWhereAllowed: Rule = (sources) =>
  shipped(sources)
    .filter(({ path }) => !pureFolders.includes(folderOf(path)))
    .flatMap(({ path, text }) =>
      importsOf(text)
        .filter((target) => !/^(\.|node:)/.test(target))
        .filter((target) => !packages[target]?.includes(folderOf(path)))
        .map((target) => `${path} imports the package ${target}`),
    );

export const hasPlainFileName: Rule = (sources) =>
  sources
    .filter(({ path }) => !/^([a-z0-9-]+\/)*[a-z0-9-]+(\.(sim\.)?test(-d)?)?\.ts$/.test(path))
    .map(({ path }) => `${path} is not in kebab-case`);

export const isNoBarrel: Rule = (sources) =>
  shipped(sources)
    .filter(({ path }) => !entryPoints.includes(path))
    .filter(({ text }) =>
      /\bexport\s+(type\s+)?(\*|\{[^}]*\})[^;]*\bfrom\b/.test(withoutComments(text)),
    )
    .map(({ path }) => `${path} re-exports, and is no entry point`);

export const leavesNothingForLater: Rule = (sources) =>
  sources
    .filter(({ text }) => /\b(TODO|FIXME|XXX|HACK)\b/.test(text))
    .map(({ path }) => `${path} leaves something for later`);

/** As a method of a test, or as its option. */
const skippedTest =
  /\b(test|it|suite|describe|context|t)\.(skip|only|todo)\b|\b(skip|only|todo)\s*:/;

export const skipsNoTest: Rule = (sources) =>
  sources
    .filter(({ path, text }) => isTest(path) && skippedTest.test(withoutComments(text)))
    .map(({ path }) => `${path} skips a test`);

/** `any` and its relatives, which the linter could be told to overlook in a comment. */
export const silencesNoTool: Rule = (sources) =>
  sources
    .filter(
      ({ text }) =>
        /@ts-(ignore|nocheck)|biome-ignore/.test(text) ||
        /\bas any\b|: any\b/.test(withoutStrings(withoutComments(text))),
    )
    .map(({ path }) => `${path} silences a tool`);

function pure(sources: readonly Source[]): readonly Source[] {
  return shipped(sources).filter(({ path }) => pureFolders.includes(folderOf(path)));
}

function withoutStrings(code: string): string {
  return code.replace(/"[^"\n]*"|'[^'\n]*'|`[^`]*`/g, '""');
}
