/**
 * Page run: the code blocks of a page, carried out in order, as its reader would.
 *
 *   ```js    runs as a module of its own. If its first line is a comment with a file name, it is
 *            saved under that name, and runs where a shell line or another block asks for it; if
 *            the name begins with `examples/`, it is a literal part of that file. Comments behind
 *            console.log are what it must print.
 *   ```ts, ```tsx, ```py, ```html   are literal parts of an example, which their first line names.
 *   ```pbtxt, and all whose name begins with `repository/`, are saved: files of a model repository.
 *   ```sh    is carried out: node, npx shoal, curl, mkdir, cp. npm scripts must exist. Others are listed.
 *   ```json, ```text   are the body of the last answer, or what the last command printed; so is
 *            ```ts that names no file. ```http is its status and headers: there any number may
 *            stand for another.
 *   ```      without a language is a picture, and listed.
 *
 * Programs that listen run until the page ends; `localhost:8000` means the last of them.
 */
import { strict as check } from "node:assert";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { identityGraph } from "../../dist/testing/onnx-graphs.js";
import { Program, shoalCommand } from "../program.ts";
import { readJson, readText, root } from "../repository.ts";
import type { CodeBlock, Page } from "./page.ts";
import { type Answer, type Command, commandsIn, curl } from "./shell.ts";

/** What a page has that is not carried out. */
export interface Unchecked {
  /** Shell lines, with the reason. */
  readonly commands: Readonly<Record<string, string>>;
  /** First lines of pictures, with the reason. */
  readonly pictures: Readonly<Record<string, string>>;
}

export class PageRun {
  readonly #page: Page;
  readonly #unchecked: Unchecked;
  readonly #folder: string;
  readonly #programs: Program[] = [];
  /** Files that blocks were saved in, and not asked for yet. */
  readonly #unused = new Set<string>();
  #answer: Answer | undefined = undefined;

  constructor(page: Page, unchecked: Unchecked) {
    this.#page = page;
    this.#unchecked = unchecked;
    // Inside of the repository: there "shoal" is this package.
    const parent = join(root, ".build");
    mkdirSync(parent, { recursive: true });
    this.#folder = mkdtempSync(join(parent, "page-"));
    mkdirSync(join(this.#folder, "models"));
    const linear = join("examples", "start", "linear.mjs");
    copyFileSync(join(root, linear), join(this.#folder, "models", "linear.mjs"));
    writeFileSync(join(this.#folder, "classifier.onnx"), identityGraph("FP32", ["rows", 4]));
  }

  async run(): Promise<void> {
    for (const block of this.#page.blocks) {
      try {
        await this.#runBlock(block);
      } catch (error) {
        const where = `${this.#page.path}:${block.line}`;
        const why = error instanceof Error ? error.message : String(error);
        throw new Error(`${where}: ${why}${this.#told()}`, { cause: error });
      }
    }
    check.deepEqual([...this.#unused], [], "files that nothing on the page uses");
  }

  async close(): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.stop()));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #runBlock(block: CodeBlock): Promise<void> {
    if (nameOf(block.code)?.startsWith(repository) === true) {
      this.#save(block.code);
      return;
    }
    switch (block.language) {
      case "js":
        await this.#runScript(block);
        break;
      case "ts":
        if (nameOf(block.code) === undefined) check.equal(this.#answer?.body, block.code);
        else checkExcerpt(block.code);
        break;
      case "tsx":
      case "py":
      case "html":
        checkExcerpt(block.code);
        break;
      case "sh":
        for (const command of commandsIn(block.code)) await this.#runCommand(command);
        break;
      case "json":
        check.equal(this.#answer?.body, block.code);
        break;
      case "text":
        check.equal(this.#answer?.body.trimEnd(), block.code.trimEnd());
        break;
      case "http":
        checkHead(this.#answer, block.code);
        break;
      case "": {
        const [first = ""] = block.code.trim().split("\n");
        const isListed = Object.hasOwn(this.#unchecked.pictures, first.trim());
        check.ok(isListed, `a picture that is not listed in docs.test.ts: ${first}`);
        break;
      }
      default:
        check.fail(`nobody checks blocks of the language '${block.language}'`);
    }
  }

  async #runScript({ code, line }: CodeBlock): Promise<void> {
    const name = nameOf(code);
    if (name?.startsWith("examples/") === true) {
      checkExcerpt(code);
      return;
    }
    const path = join(this.#folder, name ?? `line-${line}.mjs`);
    mkdirSync(dirname(path), { recursive: true });
    const imported = [...this.#unused].filter((other) => code.includes(`"./${other}"`));
    for (const other of imported) this.#unused.delete(other);
    writeFileSync(path, await this.#withAddresses(code));
    if (name === undefined) await this.#start([path], code);
    else {
      this.#unused.add(name);
      const example = `examples/${name}`;
      if (existsSync(join(root, example))) checkExcerpt(code, example);
    }
  }

  /** In a model repository, which whoever serves it looks at by himself. */
  #save(code: string): void {
    const path = join(this.#folder, nameOf(code) ?? "");
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, code);
  }

  /** `mkdir -p PATH`, `cp PATH PATH`, `cp -r PATH PATH`. */
  #changeFolder(tool: "mkdir" | "cp", args: readonly string[]): void {
    const names = args.filter((arg) => arg !== (tool === "mkdir" ? "-p" : "-r"));
    const [here = "", to = ""] = names.map((name) => join(this.#folder, name));
    // As for whoever stands in a clone.
    const from = names[0]?.startsWith("node_modules/") === true ? join(root, names[0]) : here;
    if (tool === "mkdir") mkdirSync(from, { recursive: true });
    else cpSync(from, to, { recursive: true });
  }

  async #runCommand({ env, words }: Command): Promise<void> {
    const line = [...Object.entries(env).map((entry) => entry.join("=")), ...words].join(" ");
    if (Object.hasOwn(this.#unchecked.commands, line)) return;
    const [tool, ...args] = words;
    if (tool === "curl") {
      this.#answer = await curl(words, (host) => this.#addressOf(host));
    } else if (tool === "node") await this.#runNode(args, env);
    else if (tool === "npx" && args[0] === "shoal") await this.#runShoal(args.slice(1), env);
    else if (tool === "npm") checkScript(args);
    else if (tool === "mkdir" || tool === "cp") this.#changeFolder(tool, args);
    else check.fail(`a shell line that is neither run nor listed in docs.test.ts: ${line}`);
  }

  async #runShoal(args: readonly string[], env: Command["env"]): Promise<void> {
    for (const arg of args) this.#unused.delete(arg);
    const words = await Promise.all(args.map((arg) => this.#withAddresses(arg)));
    const { stdout } = await this.#start([shoalCommand, ...words], "", env);
    this.#answer = { head: [], body: stdout.trimEnd() };
  }

  async #runNode(args: readonly string[], env: Command["env"]): Promise<void> {
    const file = args.find((arg) => !arg.startsWith("-")) ?? "";
    const isOfPage = this.#unused.delete(file);
    check.ok(isOfPage || existsSync(join(root, file)), `there is no file ${file}`);
    const code = isOfPage ? readText(join(this.#relativeFolder(), file)) : "";
    await this.#start(args, code, env, isOfPage ? this.#folder : root);
  }

  /** Waits until it listens or has ended well, and has printed what its comments say. */
  async #start(
    args: readonly string[],
    code: string,
    env: Command["env"] = {},
    cwd: string = this.#folder,
  ): Promise<Program> {
    const program = new Program(args, { cwd, env });
    this.#programs.push(program);
    for (const line of expectedLines(code)) await program.printed(line);
    const exitCode = await program.settled();
    check.ok(exitCode === undefined || exitCode === 0, `it ended with exit code ${exitCode}`);
    return program;
  }

  async #addressOf(host: string): Promise<string> {
    const program = this.#programs.findLast(({ hasEnded }) => !hasEnded);
    check.ok(program !== undefined, `nothing listens at ${host}`);
    return await program.listening(Number(host.split(":")[1]));
  }

  /** Of the programs that run: one that starts itself keeps the address that it names. */
  async #withAddresses(code: string): Promise<string> {
    let text = code;
    for (const [host] of code.matchAll(/\blocalhost:\d+/g)) {
      text = text.replace(host, await this.#addressOf(host));
    }
    return text;
  }

  #relativeFolder(): string {
    return this.#folder.slice(root.length);
  }

  #told(): string {
    const last = this.#programs.at(-1);
    return last === undefined ? "" : `\n${last.stdout}${last.stderr}`;
  }
}

const repository = "repository/";

function nameOf(code: string): string | undefined {
  return /^(?:\/\/|#|<!--) ([\w./-]+\.(?:m?js|tsx?|py|html|pbtxt))(?: -->)?\n/.exec(code)?.[1];
}

/** Is it a part of the example that it names, but for its own indentation? */
function checkExcerpt(code: string, path = nameOf(code) ?? ""): void {
  check.ok(path.startsWith("examples/"), "its first line must name a file under examples/");
  const file = readText(path).split("\n");
  const part = code.split("\n").slice(1);
  const isAt = (start: number): boolean => {
    const indent = /^ */.exec(file[start] ?? "")?.[0] ?? "";
    return part.every((line, index) => file[start + index] === (line && indent + line));
  };
  check.ok(
    file.some((_, start) => isAt(start)),
    `it is no part of ${path}`,
  );
}

/** Numbers are those of another run. */
function checkHead(answer: Answer | undefined, code: string): void {
  const plain = (line: string): string => {
    const [name = "", ...value] = line.split(": ");
    const text = value.length === 0 ? name : `${name.toLowerCase()}: ${value.join(": ")}`;
    return text.replaceAll(/\d+(\.\d+)?/g, "0");
  };
  const head = (answer?.head ?? []).map(plain);
  for (const line of code.split("\n")) {
    check.ok(
      head.includes(plain(line)),
      `the answer has no line '${line}', but ${head.join("; ")}`,
    );
  }
}

function checkScript([verb, ...args]: readonly string[]): void {
  const name = verb === "run" ? args[0] : verb;
  const scripts = readJson("package.json")["scripts"] as Readonly<Record<string, string>>;
  check.ok(name !== undefined && name in scripts, `there is no npm script '${name}'`);
}

/** `console.log(x); // 5` prints 5. */
function expectedLines(code: string): readonly string[] {
  return Array.from(
    code.matchAll(/^\s*console\.log\(.*\); \/\/ (.*)$/gm),
    ([, line]) => line ?? "",
  );
}
