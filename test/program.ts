/**
 * Program: a Node program as its user starts it, for the length of a test. It gets free ports in
 * place of those that it names (free-ports.ts), and whoever started it waits for what it does: a
 * port that opens, a line that it prints, its end. Nothing here waits for time to pass.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { OpenedPort } from "./free-ports.ts";
import { root } from "./repository.ts";

const preload = new URL("./free-ports.js", import.meta.url).href;

export interface ProgramOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** It listens where it says. */
  readonly keepsPorts?: boolean;
  /** What it reads from stdin; default: there is none. */
  readonly input?: string;
}

/** One of them is null. */
export interface ProgramEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class Program {
  /** What it has printed so far. */
  stdout = "";
  stderr = "";
  exitCode: number | null | undefined = undefined;
  #signal: NodeJS.Signals | null = null;
  readonly #child: ChildProcess;
  readonly #what: string;
  readonly #ports = new Map<number, number>();
  /** Told of everything that happens. */
  readonly #watchers = new Set<() => void>();

  /** Arguments as they stand behind `node`. */
  constructor(args: readonly string[], options: ProgramOptions = {}) {
    const { cwd = root, env = {}, keepsPorts = false, input } = options;
    this.#what = `node ${args.join(" ")}`;
    const preloads = keepsPorts ? [] : ["--import", preload];
    this.#child = spawn(process.execPath, [...preloads, ...args], {
      cwd,
      // It is no part of the test that starts it, also if it runs tests of its own.
      env: { ...process.env, NODE_TEST_CONTEXT: undefined, NODE_NO_WARNINGS: "1", ...env },
      stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe", "ipc"],
    });
    this.#child.stdin?.end(input);
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
      this.#tell();
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
      this.#tell();
    });
    this.#child.on("message", (message) => {
      const { asked, opened } = message as OpenedPort;
      this.#ports.set(asked, opened);
      this.#tell();
    });
    this.#child.once("close", (code, signal) => {
      this.exitCode = code;
      this.#signal = signal;
      this.#tell();
    });
  }

  get hasEnded(): boolean {
    return this.exitCode !== undefined;
  }

  /** The address of a port that it has opened; undefined: it has not. */
  addressOf(port: number): string | undefined {
    const opened = this.#ports.get(port);
    return opened === undefined ? undefined : `127.0.0.1:${opened}`;
  }

  /** Resolves when it has opened this port. */
  async listening(port: number): Promise<string> {
    await this.until(() => this.#ports.has(port), `listens on port ${port}`);
    return this.addressOf(port) ?? "";
  }

  /** Resolves when it has printed this line. */
  async printed(line: string): Promise<void> {
    await this.until(() => this.stdout.split("\n").includes(line), `prints '${line}'`);
  }

  /** Resolves with its exit code when it has ended, or at once when it listens to any port. */
  async settled(): Promise<number | null | undefined> {
    await this.until(() => this.hasEnded || this.#ports.size > 0, "ends or listens");
    return this.exitCode;
  }

  /** Resolves when this is so; rejects if it ends before. */
  async until(isSo: () => boolean, what: string): Promise<void> {
    while (!isSo()) {
      if (this.hasEnded) {
        const told = `${this.stdout}${this.stderr}`;
        throw new Error(`${this.#what} ended (${this.exitCode}) before it ${what}:\n${told}`);
      }
      await new Promise<void>((resolve) => {
        const watch = (): void => {
          this.#watchers.delete(watch);
          resolve();
        };
        this.#watchers.add(watch);
      });
    }
  }

  /** Resolves when it has ended. */
  async ended(): Promise<ProgramEnd> {
    if (!this.hasEnded) await once(this.#child, "close");
    return { code: this.exitCode ?? null, signal: this.#signal };
  }

  send(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Whoever reads what it prints leaves. */
  closeOutputs(): void {
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
  }

  /** Asks it to end, and resolves with its exit code; null: a signal ended it. */
  async stop(): Promise<number | null> {
    this.send("SIGTERM");
    return (await this.ended()).code;
  }

  #tell(): void {
    for (const watch of [...this.#watchers]) watch();
  }
}

/** `shoal ...`, as npx starts it. */
export const shoalCommand: string = join(root, "dist", "cli", "main.js");
