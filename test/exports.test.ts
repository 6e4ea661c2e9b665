/**
 * What the package promises: the names of each entry point, the files it ships, and a lock file
 * that works with any registry.
 *
 * A name that appears or disappears shows here first, and is then committed on purpose: together
 * with a line in CHANGELOG.md.
 */
import { strict as check } from "node:assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { readJson, readText, root } from "./repository.ts";
import { withoutComments } from "./tidy-rules.ts";

/** Values are what JavaScript can import; types exist for the compiler only. */
interface PublicNames {
  readonly values: readonly string[];
  readonly types: readonly string[];
}

const expected: Readonly<Record<string, PublicNames>> = JSON.parse(
  readText("test/exports.json"),
) as Record<string, PublicNames>;

/** An entry point is nothing but `export { a, type B } from "./x.ts"`, so its text is its list. */
function publicNamesOf(source: string): PublicNames {
  const values: string[] = [];
  const types: string[] = [];
  for (const [, allTypes, list] of source.matchAll(/\bexport\s+(type\s+)?\{([^}]*)\}/g)) {
    for (const item of (list ?? "").split(",").map((name) => name.trim())) {
      if (item === "") continue;
      const name = item.replace(/^type\s+/, "").replace(/^.*\sas\s+/, "");
      (allTypes !== undefined || item.startsWith("type ") ? types : values).push(name);
    }
  }
  return { values: values.sort(), types: types.sort() };
}

interface Target {
  readonly types: string;
  readonly default: string;
  /** Where Node gets another one. */
  readonly node?: Target;
}

const exported = readJson("package.json")["exports"] as Readonly<Record<string, Target>>;

const entryPoints = Object.entries(exported)
  .filter(([path]) => path !== "./package.json")
  .flatMap(([path, target]): [string, Target][] => {
    const elsewhere: [string, Target] = [path, target];
    return target.node ? [[`${path} (node)`, target.node], elsewhere] : [elsewhere];
  });

test("the list names every entry point", () => {
  check.deepEqual(
    Object.keys(expected),
    entryPoints.map(([path]) => path),
  );
});

for (const [path, target] of entryPoints) {
  const { default: script, types } = target;
  const source = script.replace(/^\.\/dist\//, "src/").replace(/\.js$/, ".ts");

  test(`${path} exports what test/exports.json says`, async () => {
    check.deepEqual(publicNamesOf(withoutComments(readText(source))), expected[path]);
    const module = (await import(new URL(`../${script}`, import.meta.url).href)) as object;
    check.deepEqual(Object.keys(module).sort(), expected[path]?.values);
    check.ok(existsSync(join(root, types)), types);
  });
}

test("names are read from an entry point's text", () => {
  const text = 'export { b, type C } from "./x.ts";\nexport type { D as E } from "./y.ts";';
  check.deepEqual(publicNamesOf(text), { values: ["b"], types: ["C", "E"] });
});

test("the package ships no tests, and no leftovers of the build", () => {
  const files = readJson("package.json")["files"] as readonly string[];
  check.ok(files.includes("dist"));
  check.ok(files.includes("!dist/**/*.test.*"));
  check.ok(files.includes("!dist/.*"));
});

test("the lock file holds no addresses", () => {
  const packages = readJson("package-lock.json")["packages"] as Record<string, object>;
  const withAddress = Object.entries(packages).filter(([, entry]) => "resolved" in entry);
  check.deepEqual(
    withAddress.map(([name]) => name),
    [],
  );
});
