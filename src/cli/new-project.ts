/**
 * New project: the files of a project with one model and its test, as `shoal new` writes them.
 *
 *   package.json   tsconfig.json   README.md   .gitignore
 *   models/linear.ts       what `npm start` serves
 *   test/linear.test.ts    what `npm test` runs, on a virtual clock
 *
 * In TypeScript nothing is built: `shoal serve` takes it as it is, and so does Node's test runner
 * with jiti, on versions of Node that cannot by themselves.
 *
 * Not here: where it is written, and whether it may be (new.ts).
 */

export interface NewProject {
  readonly name: string;
  readonly language: "typescript" | "javascript";
  /** Versions of the packages that it needs: at least these. */
  readonly versions: { readonly shoal: string; readonly jiti: string };
}

/** Texts by path, with slashes. */
export type ProjectFiles = Readonly<Record<string, string>>;

/** What the compiler needs; versions whose options those of tsconfig.json are. */
const compilers = { "@types/node": "^20.19.0", typescript: ">=5.8.0" };

/** Packages that a project needs, in either language. */
export const dependencyNames: readonly string[] = ["shoal", "jiti", ...Object.keys(compilers)];

export function projectFiles(project: NewProject): ProjectFiles {
  const ending = project.language === "typescript" ? "ts" : "js";
  const files = {
    ".gitignore": "node_modules/\n",
    "README.md": readme(project.name, ending),
    "package.json": json(packageJson(project)),
    [`models/linear.${ending}`]: linear,
    [`test/linear.test.${ending}`]: linearTest(ending),
  };
  return ending === "ts" ? { ...files, "tsconfig.json": json(tsconfig) } : files;
}

function packageJson({ name, language, versions }: NewProject): object {
  const shoal = `^${versions.shoal}`;
  const common = { name, version: "0.0.0", private: true, type: "module" };
  const start = "shoal serve models";
  if (language === "javascript") {
    return {
      ...common,
      scripts: { start, test: "node --test" },
      dependencies: { shoal },
    };
  }
  const test = "node --import jiti/register --test test/linear.test.ts";
  return {
    ...common,
    scripts: { start, test, types: "tsc" },
    dependencies: { shoal },
    devDependencies: { ...compilers, jiti: `^${versions.jiti}` },
  };
}

const tsconfig = {
  compilerOptions: {
    target: "es2023",
    module: "nodenext",
    types: ["node"],
    strict: true,
    verbatimModuleSyntax: true,
    erasableSyntaxOnly: true,
    allowImportingTsExtensions: true,
    noEmit: true,
    skipLibCheck: true,
  },
  include: ["models", "test"],
};

const linear = `${importing("{ fp32, model }", "shoal")}

/** y = 2x + 1, for all requests of a batch at once. */
export const linear = model("linear", {
  inputs: { x: fp32(-1) },
  outputs: { y: fp32(-1) },
  maxBatchSize: 32,
  infer: ({ x }) => ({ y: x.map((value) => 2 * value + 1) }),
});
`;

function linearTest(ending: string): string {
  const value = ending === "ts" ? "value: number" : "value";
  return `${importing("assert", "node:assert/strict")}
${importing("test", "node:test")}
${importing("{ testServer }", "shoal/testing")}
${importing("{ linear }", `../models/linear.${ending}`)}

test("each value is doubled, plus one", async () => {
  const server = await testServer(linear);
  const { outputs } = await server.infer({ model: linear, inputs: { x: [[1, 2, 3]] } });
  assert.deepEqual(outputs.y.toNested(), [[3, 5, 7]]);
  await server.close();
});

test("requests that come together are one batch", async () => {
  const server = await testServer(linear);
  const ask = (${value}) => server.infer({ model: linear, inputs: { x: [[value]] } });
  await Promise.all([ask(1), ask(2), ask(3)]);
  assert.deepEqual(
    server.batches.map(({ rows }) => rows),
    [3],
  );
  await server.close();
});
`;
}

function importing(what: string, module: string): string {
  return `import ${what} from ${JSON.stringify(module)};`;
}

function readme(name: string, ending: string): string {
  return `# ${name}

\`models/linear.${ending}\` defines a model; every model that a file of \`models/\` exports is served.

\`\`\`sh
npm install
npm test     # test/linear.test.${ending}, without ports and without waiting
npm start    # HTTP on port 8000, gRPC on 8001, metrics on 8002
\`\`\`

While it runs:

\`\`\`sh
npx shoal infer http://localhost:8000 linear --input 'x=[[1, 2, 3]]'
\`\`\`
`;
}

function json(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
