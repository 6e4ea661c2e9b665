/**
 * Files of the installed package: what nobody can reach, and what its pages miss.
 *
 * A file of code is reached from the entry points (`exports`, `bin`) by imports, static and lazy,
 * and by `new URL("./x.js", import.meta.url)`, which is how threads are started. Declarations are
 * reached by their imports, or beside the code that they declare. Pages (.md), the licence and
 * package.json are read by people and by npm, and proto/ by the tools of whoever calls over gRPC.
 *
 * Text is read, not syntax: our own output is regular enough.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, posix, sep } from "node:path";

/** One line per fault; empty: all is well. */
export function packageFaults(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(folder.length + 1))
    .map((path) => path.split(sep).join("/"));
  const isPage = (path) => path.endsWith(".md");
  const code = files.filter((path) => !isPage(path) && !isForOthers(path));
  const reached = reachedFrom(entriesOf(folder), folder);
  return [
    ...code.filter((path) => !reached.has(moduleOf(path))).map((path) => `nobody needs ${path}`),
    ...[...reached].filter((path) => !files.includes(`${path}.js`)).map((path) => `no ${path}.js`),
    ...files.filter(isPage).flatMap((path) => deadLinksOf(path, folder)),
  ];
}

function isForOthers(path) {
  return /^(LICENSE|package\.json|proto\/\w+\.proto)$/.test(path);
}

function entriesOf(folder) {
  const { bin, exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const targets = [...Object.values(bin), ...Object.values(exports)];
  const pathsOf = (target) => {
    if (typeof target === "string") return [target];
    return [target.default, ...(target.node === undefined ? [] : pathsOf(target.node))];
  };
  const paths = targets.flatMap(pathsOf);
  return paths
    .filter((path) => path.endsWith(".js"))
    .map((path) => moduleOf(posix.normalize(path)));
}

/** Code and its declarations are one module: the path without its ending. */
function moduleOf(path) {
  return path.replace(/\.(d\.ts|js)$/, "");
}

function reachedFrom(entries, folder) {
  const reached = new Set(entries);
  for (const module of reached) {
    for (const ending of [".js", ".d.ts"]) {
      const path = join(folder, module + ending);
      const text = existsSync(path) ? readFileSync(path, "utf8") : "";
      for (const [, target] of text.matchAll(
        /(?:from|import|import\(|URL\()\s*"(\.[^"]+\.[jt]s)"/g,
      )) {
        reached.add(moduleOf(posix.join(posix.dirname(module), target.replace(/\.ts$/, ".js"))));
      }
    }
  }
  return reached;
}

/** Of links to other pages; examples stay in the repository. */
function deadLinksOf(page, folder) {
  const text = readFileSync(join(folder, page), "utf8");
  return [...text.matchAll(/\]\(([^):#]+\.md)/g)]
    .map(([, target]) => posix.join(posix.dirname(page), target))
    .filter((target) => !existsSync(join(folder, target)))
    .map((target) => `${page} links to ${target}, which is not in the package`);
}
