/**
 * Starts and stops the servers that are measured, each on its own core, and reads what they cost.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { onCore } from "./load.mjs";

export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Resolves when a line of the server's output matches. */
export async function start(args, isUp) {
  const beganMs = performance.now();
  const [command, ...rest] = onCore(0, [process.execPath, ...args]);
  const child = spawn(command, rest, { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: child.stdout })) {
    if (isUp.test(line)) break;
  }
  if (child.exitCode !== null) throw new Error(`server ended with ${child.exitCode}`);
  child.stdout.resume();
  return { child, startMs: performance.now() - beganMs };
}

export async function stop({ child }) {
  if (child.exitCode !== null) return;
  child.kill("SIGTERM");
  await once(child, "exit");
}

/** Processor seconds the process has used, all its threads together; undefined off Linux. */
export function cpuSeconds({ child }) {
  try {
    const stat = readFileSync(`/proc/${child.pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return undefined;
  }
}

/** Resident memory in MiB; undefined off Linux. */
export function memoryMib({ child }) {
  try {
    const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
  } catch {
    return undefined;
  }
}
