/**
 * A page of the documents, taken apart: headings, code blocks, tables, code in the text, links.
 *
 * It knows the Markdown that we write, not all there is: fences of three backquotes, headings with
 * `#`, tables with a line for each row.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { readText, root } from "../repository.ts";

export interface CodeBlock {
  /** First word behind the fence; empty: none. */
  readonly language: string;
  readonly code: string;
  /** Of the fence, from 1. */
  readonly line: number;
}

interface Heading {
  readonly level: number;
  readonly text: string;
}

export interface Page {
  /** From the root of the repository. */
  readonly path: string;
  readonly lines: readonly string[];
  readonly blocks: readonly CodeBlock[];
  readonly headings: readonly Heading[];
  /** Lines outside of code blocks. */
  readonly prose: readonly string[];
}

/** Pages at the root, in the order in which one reads them. */
export const rootPages = [
  "README.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  "SECURITY.md",
];

export const docsPages: readonly string[] = readdirSync(join(root, "docs"))
  .filter((name) => name.endsWith(".md"))
  .map((name) => `docs/${name}`)
  .sort();

/** In both languages. */
export const pageTwins: readonly (readonly [english: string, chinese: string])[] = [
  ["README.md", "README.zh-CN.md"],
  ...docsPages.map((path) => [path, path.replace("docs/", "docs/zh/")] as const),
];

export function readPage(path: string): Page {
  const lines = readText(path).split("\n");
  const blocks: CodeBlock[] = [];
  const prose: string[] = [];
  let open: { language: string; line: number; code: string[] } | undefined;
  for (const [index, text] of lines.entries()) {
    const fence = /^```(\S*)/.exec(text);
    if (open === undefined && fence !== null) {
      open = { language: fence[1] ?? "", line: index + 1, code: [] };
    } else if (open !== undefined && fence !== null) {
      blocks.push({ ...open, code: open.code.join("\n") });
      open = undefined;
    } else if (open === undefined) prose.push(text);
    else open.code.push(text);
  }
  if (open !== undefined) throw new Error(`${path}:${open.line}: this code block has no end`);
  return { path, lines, blocks, headings: headingsIn(prose), prose };
}

function headingsIn(prose: readonly string[]): readonly Heading[] {
  return prose.flatMap((line) => {
    const heading = /^(#+) (.*)$/.exec(line);
    return heading === null ? [] : [{ level: heading[1]?.length ?? 0, text: heading[2] ?? "" }];
  });
}

/** Text from a heading to the next one. */
export function sectionOf(page: Page, heading: string): string {
  const start = page.prose.findIndex((line) => /^#+ /.test(line) && line.endsWith(` ${heading}`));
  if (start === -1) throw new Error(`${page.path} has no section '${heading}'`);
  const rest = page.prose.slice(start + 1);
  const end = rest.findIndex((line) => /^#+ /.test(line));
  return rest.slice(0, end === -1 ? undefined : end).join("\n");
}

/** Cells of every table, a list for each row; without heads. */
export function tableRows(text: string): readonly (readonly string[])[] {
  const lines = text.split("\n");
  return lines.flatMap((line, index) => {
    const isHead = lines[index + 1]?.startsWith("| ---") ?? false;
    if (!line.startsWith("|") || line.startsWith("| ---") || isHead) return [];
    return [cellsOf(line)];
  });
}

function cellsOf(row: string): readonly string[] {
  return row
    .replace(/^\||\|$/g, "")
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());
}

/** What stands between backquotes, in order. */
export function codeSpans(text: string): readonly string[] {
  return Array.from(text.matchAll(/`([^`]+)`/g), ([, code]) => code ?? "");
}

export interface Link {
  readonly target: string;
  /** From the root; without `#...`. */
  readonly path: string;
  readonly anchor: string | undefined;
}

/** Links to other files and to headings of this one; those to the web are not ours to check. */
export function relativeLinks(page: Page): readonly Link[] {
  const text = page.prose.join("\n").replaceAll(/`[^`]+`/g, "");
  return Array.from(text.matchAll(/\]\(([^)\s]+)\)/g), ([, target]) => target ?? "")
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [file = "", anchor] = target.split("#");
      const folder = page.path.includes("/") ? page.path.replace(/\/[^/]*$/, "") : "";
      return { target, path: file === "" ? page.path : join(folder, file), anchor };
    });
}

/** The anchor that readers of Markdown give a heading. */
export function anchorOf(heading: string): string {
  const text = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
  return text.replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(" ", "-");
}
