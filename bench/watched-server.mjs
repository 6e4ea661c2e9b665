/**
 * Starts a `shoal serve` that tells of itself (watched-serve.mjs), and traffic for one of its models
 * (steady-load.mjs). Neither is kept on one core: what is measured is how threads share them.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { freePort } from "./servers.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

export class WatchedServer {
  static async start(flags, { env = {} } = {}) {
    const [httpPort, grpcPort] = [await freePort(), await freePort()];
    const all = [
      "--http-address=127.0.0.1",
      `--http-port=${httpPort}`,
      `--grpc-port=${grpcPort}`,
      "--allow-metrics=false",
      ...flags,
    ];
    const program = ["--expose-gc", here("watched-serve.mjs"), "serve", ...all];
    const beganMs = performance.now();
    const child = spawn(process.execPath, program, {
      stdio: ["ignore", "pipe", "inherit", "ipc"],
      env: { ...process.env, ...env },
    });
    const server = new WatchedServer(child, httpPort, grpcPort);
    for await (const line of createInterface({ input: child.stdout })) {
      if (/Started HTTPService/.test(line)) break;
    }
    if (child.exitCode !== null) throw new Error(`server ended with ${child.exitCode}`);
    child.stdout.resume();
    server.startMs = performance.now() - beganMs;
    return server;
  }

  #asked = 0;

  constructor(child, httpPort, grpcPort) {
    this.child = child;
    this.http = `127.0.0.1:${httpPort}`;
    this.grpc = `127.0.0.1:${grpcPort}`;
  }

  async #ask(ask) {
    this.#asked += 1;
    const id = this.#asked;
    this.child.send({ id, ask });
    for (;;) {
      const [message] = await once(this.child, "message");
      if (message.id === id) return message.answer;
    }
  }

  /** After a collection. */
  memory() {
    return this.#ask("memory");
  }

  /** Since the last time. */
  ticks() {
    return this.#ask("ticks");
  }

  async post(path, body = {}) {
    const response = await fetch(`http://${this.http}/${path}`, {
      method: "POST",
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  }

  async stop() {
    if (this.child.exitCode !== null) return;
    this.child.kill("SIGTERM");
    await once(this.child, "exit");
  }
}

/** Calls one model until it is stopped, which resolves to its figures. */
export async function steadyLoad(server, { model, inFlight, pauseMs }) {
  const args = [server.http, server.grpc, model, inFlight, pauseMs].map(String);
  const child = spawn(process.execPath, [here("steady-load.mjs"), ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  return {
    async stop() {
      child.stdin.end();
      const { value } = await lines.next();
      return JSON.parse(value);
    },
  };
}
