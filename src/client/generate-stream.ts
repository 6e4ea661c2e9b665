/**
 * Streams of servers whose /infer does not stream, such as Triton: over /generate_stream, in plain
 * JSON, where tensors are flat values without a shape. It is derived from the model's metadata:
 * fixed dimensions are divided out, the innermost free one takes the rest, others are 1.
 *
 * Node's clients have it; pages do not, whose client is small.
 */
import { elementCount, formatShape } from "../protocol/shape.ts";
import { invalid, statusOf } from "./client-error.ts";
import type {
  Connection,
  JsonObject,
  ModelMetadata,
  Sent,
  WireAnswer,
  WireRequest,
} from "./connection.ts";
import { encoded, pathTo } from "./http-messages.ts";
import { toWireAnswer } from "./infer-answer.ts";
import { parametersOf, valuesOf } from "./infer-body.ts";

/** What it needs of a connection over HTTP. */
export interface HttpStreams extends Pick<Connection, "ask"> {
  responses(
    path: string,
    sent: Sent,
    body: readonly Uint8Array[],
  ): AsyncGenerator<JsonObject, void, undefined>;
}

/** `refusal`: of /infer; the server may not have the other route either. */
export async function* generateStream(
  connection: HttpStreams,
  request: WireRequest,
  sent: Sent,
  refusal: unknown,
): AsyncGenerator<WireAnswer, void, undefined> {
  if (!isGenerable(request)) throw refusal;
  const { name, version } = request;
  const about = { route: "/models/*", name, version } as const;
  const metadata = (await connection.ask(about, sent)) as ModelMetadata;
  const path = pathTo("/models/*/generate_stream", request);
  try {
    const body = encoded(generateBody(request, metadata));
    for await (const document of connection.responses(path, sent, body)) {
      yield generatedAnswer(document, request, metadata);
    }
  } catch (error) {
    throw statusOf(error) === 404 ? refusal : error;
  }
}

/** Can it be said in this way? */
export function isGenerable({ inputs, outputs }: WireRequest): boolean {
  return ![...inputs, ...outputs].some((each) => each.shared || "classes" in each);
}

/** Throws a ClientError if the server would take an input for one of another shape. */
export function generateBody(request: WireRequest, { inputs }: ModelMetadata): object {
  const values: Record<string, unknown> = {};
  for (const input of request.inputs) {
    const { name, shape } = input;
    const dims = inputs.find((each) => each.name === name)?.shape ?? shape;
    const derived = shapeOf(dims, elementCount(shape));
    if (formatShape(derived) !== formatShape(shape)) {
      const why = `its shape ${formatShape(shape)} would become ${formatShape(derived)}`;
      throw invalid(`input '${name}': this server streams over HTTP without shapes, and ${why}`);
    }
    const flat = valuesOf(input);
    values[name] = flat.length === 1 ? flat[0] : flat;
  }
  const all = Object.entries(parametersOf(request, false));
  const given = all.filter(([, value]) => value !== undefined);
  return {
    ...(request.id !== "" && { id: request.id }),
    ...(given.length > 0 && { parameters: Object.fromEntries(given) }),
    ...values,
  };
}

/** With the outputs that are wanted; what belongs to none is a parameter. */
export function generatedAnswer(
  { id, model_name, model_version, ...others }: JsonObject,
  { outputs: wanted }: WireRequest,
  { outputs }: ModelMetadata,
): WireAnswer {
  const parameters = { ...others };
  const tensors: object[] = [];
  for (const { name, datatype, shape } of outputs) {
    if (!(name in others)) continue;
    delete parameters[name];
    if (wanted.length > 0 && !wanted.some((each) => each.name === name)) continue;
    const data = [others[name]].flat();
    tensors.push({ name, datatype, shape: shapeOf(shape, data.length), data });
  }
  return toWireAnswer({ id, model_name, model_version, parameters, outputs: tensors });
}

function shapeOf(dims: readonly number[], count: number): readonly number[] {
  const free = dims.lastIndexOf(-1);
  const fixed = elementCount(dims.filter((dimension) => dimension !== -1));
  return dims.map((dimension, index) => {
    if (dimension !== -1) return dimension;
    return index === free ? count / (fixed || 1) : 1;
  });
}
