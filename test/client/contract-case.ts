/**
 * What a case of the client's contract is (contract.ts), and what cases are written with.
 *
 * What a case needs beyond the protocol's core:
 *   streams  decoupled models over this transport, which Triton has over gRPC only
 *   halves   tensors in binary: floats of 16 bits have no form in JSON
 *   shoal    what our server does, and others may not
 */
import type { Client, ClientError, Tensor } from "shoal/client";

export interface Check {
  equal(actual: unknown, expected: unknown, message?: string): void;
  deepEqual(actual: unknown, expected: unknown, message?: string): void;
  ok(value: unknown, message?: string): void;
}

export interface ContractCase {
  readonly name: string;
  readonly needs?: "streams" | "halves" | "shoal";
  readonly run: (client: Client, check: Check) => Promise<void>;
}

type Run = ContractCase["run"];

export function contractCase(name: string, run: Run): ContractCase {
  return { name, run };
}

export function needing(
  needs: NonNullable<ContractCase["needs"]>,
  name: string,
  run: Run,
): ContractCase {
  return { name, needs, run };
}

/** What it rejects with; anything but a ClientError is a failure of the case. */
export async function failureOf(promise: Promise<unknown>, check: Check): Promise<ClientError> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  const isOurs = outcome instanceof Error && outcome.name === "ClientError";
  check.ok(isOurs, `expected a ClientError; got ${String(outcome)}`);
  return outcome as ClientError;
}

export interface Expected {
  readonly kind: ClientError["kind"];
  readonly code?: ClientError["code"];
  readonly says?: RegExp;
}

export async function fails(
  promise: Promise<unknown>,
  expected: Expected,
  check: Check,
): Promise<void> {
  const error = await failureOf(promise, check);
  check.equal(error.kind, expected.kind, `${error.kind}: ${error.message}`);
  if (expected.code !== undefined) check.equal(error.code, expected.code, error.message);
  if (expected.says !== undefined) check.ok(expected.says.test(error.message), error.message);
}

export const sixteen = Array.from({ length: 16 }, (_, index) => index);
export const addSub = { INPUT0: [sixteen], INPUT1: [sixteen.map(() => 1)] };

export function nested(tensor: Tensor | undefined): unknown {
  return tensor?.toNested();
}
