/**
 * What commands that ask a server have in common: flags, the client, and one line for whatever
 * went wrong, with exit code 1.
 */
import { type Command, InvalidArgumentError } from "commander";
import type { Client } from "../client/client.ts";
import { ClientError } from "../client/client-error.ts";
import { InferenceError } from "../protocol/errors.ts";
import { oneLine } from "./safe-text.ts";
import { UsageError } from "./usage-error.ts";

export interface ClientFlags {
  /** Seconds. */
  readonly timeout?: number;
  readonly header?: Readonly<Record<string, string>>;
}

/** `help` follows the flags. */
export function addClientFlags(command: Command, help: string): Command {
  return command
    .option("--timeout <seconds>", "longest time for each question to the server", toSeconds)
    .option("--header <name:value>", "sent with each request; may be repeated", addHeader)
    .addHelpText("after", `\n${help}\nExit code: 0; 1 when anything went wrong, told in one line.`);
}

function toSeconds(text: string): number {
  const seconds = text.trim() === "" ? Number.NaN : Number(text);
  if (seconds > 0) return seconds;
  throw new InvalidArgumentError("It must be a number of seconds above 0.");
}

function addHeader(text: string, headers: Readonly<Record<string, string>> = {}) {
  const [, name, value] = /^([^\s:]+):\s*(.*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new InvalidArgumentError("It must be a name, a colon and a value.");
  }
  return { ...headers, [name]: value };
}

/** Rejects with a ClientError if this is no URL of a server. */
export async function openClient(
  url: string,
  { timeout, header = {} }: ClientFlags,
): Promise<Client> {
  // Without gRPC's packages where they are not needed.
  const { createClient } = /^grpcs?:/.test(url)
    ? await import("../client/grpc-client.ts")
    : await import("../client/node-client.ts");
  const limits = timeout === undefined ? {} : limitsOf(timeout * 1000);
  return createClient(url, { headers: header, ...limits });
}

function limitsOf(timeoutMs: number) {
  return { connectTimeoutMs: timeoutMs, requestTimeoutMs: timeoutMs, totalTimeoutMs: timeoutMs };
}

/** Runs a command; what it throws, if it is not a bug, is told. */
export async function told(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!isTold(error)) throw error;
    process.stderr.write(`error: ${oneLine(error.message)}\n`);
    process.exitCode = 1;
  }
}

function isTold(error: unknown): error is Error {
  if (error instanceof ClientError || error instanceof InferenceError) return true;
  // Of the file system.
  return error instanceof UsageError || (error instanceof Error && "syscall" in error);
}
