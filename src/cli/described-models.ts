/**
 * What models take and return, as a server tells it, or as files define it: the same for the same
 * models.
 *
 * A server's model is described as it answers without a version, and in each of its versions. So
 * is a file's: without a version its highest one is meant.
 */
import { existsSync } from "node:fs";
import { basename, extname, resolve } from "node:path";
import type { Client } from "../client/client.ts";
import type { TensorMetadata } from "../client/connection.ts";
import { isDatatype } from "../client/element-size.ts";

import type { ModelClient } from "../client/model-client.ts";
import { readModelShape } from "../client/model-shape.ts";
import type { Model } from "../definition/model.ts";
import type { ModelBase } from "../definition/model-base.ts";
import type { OnnxModel } from "../definition/onnx-model.ts";
import type { TensorSpecs } from "../definition/specifications.ts";
import type { Datatype } from "../protocol/datatype.ts";
import { isFields } from "../protocol/fields.ts";
import { isDecoupled } from "./decoupled.ts";
import { quoted } from "./safe-text.ts";
import { UsageError } from "./usage-error.ts";

export interface DescribedTensor {
  readonly name: string;
  readonly datatype: Datatype;
  /** Batch dimension included, if the model batches; -1 is any size. */
  readonly shape: readonly number[];
  readonly isOptional: boolean;
}

export interface DescribedModel {
  readonly name: string;
  /** Undefined: without a version. */
  readonly version: number | undefined;
  readonly inputs: readonly DescribedTensor[];
  readonly outputs: readonly DescribedTensor[];
  readonly isDecoupled: boolean;
}

/** Of these names; empty: of all models that are ready. */
export async function modelsOfServer(
  client: Client,
  names: readonly string[],
): Promise<readonly DescribedModel[]> {
  const asked = names.length > 0 ? names : await readyNames(client);
  const models = await Promise.all([...new Set(asked)].map((name) => versionsOf(client, name)));
  return models.flat();
}

async function readyNames(client: Client): Promise<readonly string[]> {
  const index: unknown = await client.index({ isReadyOnly: true });
  if (!Array.isArray(index) || !index.every(isFields)) {
    throw new UsageError("the server's index is no list of models");
  }
  return index.flatMap(({ name, state = "READY" }) => (state === "READY" ? [String(name)] : []));
}

async function versionsOf(client: Client, name: string): Promise<readonly DescribedModel[]> {
  const model = client.model(name);
  const metadata: unknown = await model.metadata();
  if (!isFields(metadata)) {
    throw new UsageError(`what the server says of model ${quoted(name)} is no metadata of one`);
  }
  const versions = Array.isArray(metadata["versions"]) ? metadata["versions"] : [];
  // Some servers call them by names: a client cannot ask for those.
  const texts = new Set(versions.map(String));
  const numbers = [...texts].filter((text) => /^[1-9]\d{0,14}$/.test(text)).map(Number);
  const own = numbers.length < 2 ? [] : numbers.map((version) => client.model(name, version));
  return await Promise.all([model, ...own].map(describeServed));
}

async function describeServed(model: ModelClient): Promise<DescribedModel> {
  const { name, version } = model;
  const metadata = model.metadata();
  const config = model.config();
  const { inputs } = await readModelShape(metadata, config);
  const { outputs = [] } = await metadata;
  return {
    name,
    version,
    inputs: checkedAll(
      name,
      inputs.map(({ dims, ...input }) => ({ ...input, shape: dims })),
    ),
    outputs: checkedAll(
      name,
      outputs.map((output) => ({ ...output, isOptional: false })),
    ),
    isDecoupled: isDecoupled(await config.catch(() => undefined)),
  };
}

type SaidTensor = TensorMetadata & { readonly isOptional: boolean };

function checkedAll(model: string, tensors: readonly SaidTensor[]): readonly DescribedTensor[] {
  const described = tensors.map((tensor) => checked(model, tensor));
  const names = described.map(({ name }) => name);
  const double = names.find((name, index) => names.indexOf(name) !== index);
  if (double === undefined) return described;
  const what = `the server says of model ${quoted(model)}`;
  throw new UsageError(`${what}: two tensors have the name ${quoted(double)}`);
}

function checked(
  model: string,
  { name, datatype, shape, isOptional }: SaidTensor,
): DescribedTensor {
  const what = `the server says of model ${quoted(model)}: tensor ${quoted(String(name))} has`;
  if (!isDatatype(datatype)) throw new UsageError(`${what} datatype ${quoted(String(datatype))}`);
  if (!Array.isArray(shape) || !shape.every(Number.isInteger)) {
    throw new UsageError(`${what} no shape`);
  }
  return { name: String(name), datatype, shape, isOptional };
}

/** What a user may mean by a file, rather than by a server. */
export function isFile(source: string): boolean {
  return existsSync(source) || /\.(m?js|m?ts|onnx)$/.test(source);
}

/** Rejects with a UsageError, or an InferenceError of the ONNX runtime's. */
export async function modelsOfFiles(paths: readonly string[]): Promise<readonly DescribedModel[]> {
  const graphs = paths.filter((path) => extname(path) === ".onnx");
  const models: ModelBase[] = graphs.map(asOnnxModel);
  const modules = paths.filter((path) => extname(path) !== ".onnx");
  if (modules.length > 0) {
    const { modelsInFiles } = await import("./models-in-files.ts");
    models.push(...(await modelsInFiles(modules)).map(({ model }) => model));
  }
  const described: DescribedModel[] = [];
  for (const model of models) described.push(await describeDefined(model));
  const byVersion = described.sort((one, other) => (one.version ?? 0) - (other.version ?? 0));
  const highest = new Map(byVersion.map((model) => [model.name, model]));
  return [
    ...described,
    ...[...highest.values()].map((model) => ({ ...model, version: undefined })),
  ];
}

function asOnnxModel(path: string): OnnxModel {
  if (!existsSync(path)) throw new UsageError(`there is no file '${path}'`);
  const name = basename(path, ".onnx");
  const measures = { cost: undefined, bucket: undefined };
  return {
    kind: "onnx",
    name,
    version: 1,
    path: resolve(path),
    session: {},
    options: {},
    measures,
  };
}

async function describeDefined(model: ModelBase): Promise<DescribedModel> {
  if (model.kind === "onnx") return await describeOnnx(model as OnnxModel);
  const { name, version, inputs, outputs, options, isDecoupled: streams } = model as Model;
  const tensors = (specs: TensorSpecs): readonly DescribedTensor[] =>
    Object.entries(specs).map(([tensor, { datatype, dims, isOptional }]) => {
      const shape = options.batching === false ? dims : [-1, ...dims];
      return { name: tensor, datatype, shape, isOptional };
    });
  return {
    name,
    version,
    inputs: tensors(inputs),
    outputs: tensors(outputs),
    isDecoupled: streams,
  };
}

async function describeOnnx(model: OnnxModel): Promise<DescribedModel> {
  const { importOnnxRuntime } = await import("../backends/onnx-runtime.ts");
  const { describeOnnxModel, describeSession } = await import("../backends/onnx-description.ts");
  const runtime = await importOnnxRuntime();
  const session = await opened(model, () => runtime.InferenceSession.create(model.path));
  const { name, version } = model;
  const { inputs, outputs, maxBatchSize } = describeOnnxModel(describeSession(session), model);
  await session.release();
  const tensors = (declared: typeof inputs): readonly DescribedTensor[] =>
    declared.map(({ dims, ...tensor }) => {
      return { ...tensor, shape: maxBatchSize > 0 ? [-1, ...dims] : dims };
    });
  return { name, version, inputs: tensors(inputs), outputs: tensors(outputs), isDecoupled: false };
}

async function opened<T>({ path }: OnnxModel, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    throw new UsageError(`'${path}' cannot be read: ${(error as Error).message}`);
  }
}
