/**
 * What the rows of the migration guide are tested with: a test for each, by the text of its first
 * column, and the few calls that most of them make.
 */
import type { TestContext } from "node:test";
import {
  createServer,
  fp32,
  type InProcessRequest,
  type ModelOptions,
  type Models,
  model,
  type Server,
  type ServerOptions,
} from "shoal";
import type { TestServer } from "shoal/testing";
import { quietLoopback } from "../conformance/server.ts";

export type Rows = Readonly<Record<string, (context: TestContext) => Promise<void> | void>>;

export const tensors = { inputs: { x: fp32(1) }, outputs: { y: fp32(1) } } as const;

interface TimesOptions extends ModelOptions {
  readonly name?: string;
  readonly version?: number;
}

/** A model that multiplies. */
export function times(factor: number, { name = "times", ...options }: TimesOptions = {}) {
  return model(name, {
    ...options,
    ...tensors,
    infer: ({ x }) => ({ y: x.map((value) => factor * value) }),
  });
}

/** Ready, and closed when the test has ended. It listens only when told to. */
export async function serving(
  context: TestContext,
  models: Models,
  options: ServerOptions = {},
): Promise<Server> {
  const server = createServer(models, { ...quietLoopback, ...options });
  context.after(() => server.close());
  await server.ready;
  return server;
}

/** The output `y` of one request. */
export async function yOf(
  server: Pick<Server, "infer">,
  request: InProcessRequest,
): Promise<unknown> {
  const { outputs } = await server.infer(request);
  return outputs["y"]?.toNested();
}

/** Of each batch: its rows, or those and when it was given to the model. */
export function rowsOf(server: TestServer): readonly number[] {
  return server.batches.map(({ rows }) => rows);
}

/** Body of a request over HTTP: `x` and more. */
export function bodyOf(x: readonly number[], more: object = {}): object {
  return { inputs: [{ name: "x", shape: [x.length, 1], datatype: "FP32", data: x }], ...more };
}
