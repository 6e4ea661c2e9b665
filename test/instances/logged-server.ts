/**
 * A started server whose log a test can read, and the call of a fragile model.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Models, Server, ServerOptions } from "shoal";
import { ask } from "../conformance/raw-client.ts";
import { quietLoopback, startServer } from "../conformance/server.ts";
import { until } from "../until.ts";

export interface Answer {
  readonly status: number;
  /** Of an answer with outputs. */
  readonly data: readonly number[] | undefined;
  readonly error: string | undefined;
  readonly retryAfter: string | undefined;
  readonly text: string;
}

export class LoggedServer {
  readonly server: Server;
  readonly port: number;
  readonly #folder: string;

  private constructor(server: Server, port: number, folder: string) {
    this.server = server;
    this.port = port;
    this.#folder = folder;
  }

  /** Whose models have loaded, or one has failed to. It is closed when the test has ended. */
  static async start(
    context: TestContext,
    models: Models,
    options: ServerOptions = {},
  ): Promise<LoggedServer> {
    const folder = mkdtempSync(join(tmpdir(), "shoal-log-"));
    const logs = { logInfo: true, logWarning: true, logError: true, allowMetrics: true };
    const logFile = join(folder, "log");
    const started = await startServer(models, { ...quietLoopback, ...logs, logFile, ...options });
    const server = new LoggedServer(started.server, started.port, folder);
    context.after(() => server.close());
    return server;
  }

  /** All that it has logged so far. */
  get log(): string {
    return readFileSync(join(this.#folder, "log"), "utf8");
  }

  /** The messages of a level (E, W, I) so far. */
  messages(level: string): readonly string[] {
    const lines = this.log.split("\n").filter((line) => line.startsWith(level));
    return lines.map((line) => String(JSON.parse(/\] (".*")$/.exec(line)?.[1] ?? '""')));
  }

  /** One request of one row, with what the model shall do as its parameter. */
  async call(model: string, does: string, x = 1): Promise<Answer> {
    const parameters = { does };
    const inputs = [{ name: "x", shape: [1, 1], datatype: "FP32", data: [x] }];
    const body = JSON.stringify({ parameters, inputs });
    const { status, text, headers } = await ask(this.port, "POST", `/v2/models/${model}/infer`, {
      body,
    });
    const { outputs, error } = JSON.parse(text) as {
      readonly outputs?: readonly { readonly data: readonly number[] }[];
      readonly error?: string;
    };
    const data = outputs?.[0]?.data;
    return { status, data, error, retryAfter: headers.get("retry-after"), text };
  }

  /** Status of its readiness. */
  async readiness(model: string): Promise<number> {
    return (await ask(this.port, "GET", `/v2/models/${model}/ready`)).status;
  }

  async ready(model: string): Promise<void> {
    await until(async () => (await this.readiness(model)) === 200);
  }

  /** An instance of it runs a batch. */
  async busy(model: string): Promise<void> {
    const line = `shoal_instances{model="${model}",state="busy",version="1"} 1`;
    await until(async () => (await this.metrics()).includes(line));
  }

  async metrics(): Promise<string> {
    return await (await fetch(`${this.server.urls.metrics}/metrics`)).text();
  }

  /** The counters of a model, as the protocol has them. */
  async statistics(model: string): Promise<Readonly<Record<string, { readonly count: number }>>> {
    const { text } = await ask(this.port, "GET", `/v2/models/${model}/stats`);
    return JSON.parse(text).model_stats[0].inference_stats;
  }

  async close(): Promise<void> {
    await this.server.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
