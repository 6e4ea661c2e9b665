/**
 * `shoal infer URL MODEL --input x=...`: one request to a model of any v2 server, and its answer;
 * of a model that streams each response as it comes.
 *
 * Not here: how inputs are typed (given-values.ts), how outputs are shown (shown-outputs.ts).
 */
import { open } from "node:fs/promises";
import { extname } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import type { InferOptions } from "../client/call-options.ts";
import type { ModelClient } from "../client/model-client.ts";
import type { Parameters, ParameterValue } from "../protocol/infer.ts";
import { addClientFlags, type ClientFlags, openClient, told } from "./client-command.ts";
import { isDecoupled } from "./decoupled.ts";
import { type Fit, fits, type Scale, scales } from "./picture-options.ts";
import type { ShownOutputs } from "./shown-outputs.ts";
import { oneLineErrors, UsageError } from "./usage-error.ts";

const formats = ["table", "json", "npy"] as const;

type Format = (typeof formats)[number];

interface InferFlags extends ClientFlags {
  readonly input?: readonly string[];
  readonly output?: readonly string[];
  readonly version?: number;
  readonly format?: Format;
  /** Undefined or "-": printed. */
  readonly out?: string;
  readonly sample?: true;
  readonly scale?: Scale;
  readonly fit?: Fit;
  readonly parameter?: Parameters;
  readonly id?: string;
}

const help = `Inputs:
  x=[[1, 2], [3, 4]]   JSON; one element needs no brackets, and a text no quotes
  x=-                  JSON from stdin
  x=@x.json            JSON of a file
  x=@x.npy             NumPy's file, of the input's datatype
  x=@x.png             a picture, where the input is [3,H,W] or [H,W,3] or the like; JPEG, WebP,
                       GIF, AVIF, TIFF, SVG too. Repeated: a batch. Needs the package sharp
  x=@x.raw             any other file: bytes as they go over the wire; of BYTES: one element

An .npy file holds one output of one response; BF16 is written as FP32.

Examples:
  shoal infer http://localhost:8000 linear --input 'x=[[1, 2, 3]]'
  shoal infer http://localhost:8000 linear --sample --input x=@x.npy --output y -o y.npy
  shoal infer http://localhost:8000 resnet --input image=@cat.jpg --scale imagenet
  echo '["one", "two"]' | shoal infer http://localhost:8000 upper --input text=- --format json
`;

export function inferCommand(): Command {
  const command = new Command("infer")
    .description("ask a model of any KServe v2 server, and print what it answers")
    .argument("<url>", "the server, such as http://localhost:8000")
    .argument("<model>", "its name")
    .option("--input <name=value>", "an input; may be repeated (see below)", add)
    .option("--output <name>", "only this output; may be repeated (default: all)", add)
    .option("--version <number>", "of the model (default: what the server decides)", toVersion)
    .option("--sample", "inputs and outputs are one sample, without the batch dimension")
    .addOption(
      new Option("--scale <range>", "of pictures (default: unit; of UINT8 none)").choices(scales),
    )
    .addOption(new Option("--fit <how>", "of pictures (default: stretch)").choices(fits))
    .addOption(
      new Option(
        "--format <format>",
        "how it is printed (default: as -o ends, else table)",
      ).choices(formats),
    )
    .option("-o, --out <file>", "write to this file; without it, or with -, print")
    .option("--parameter <name=value>", "of the request; may be repeated", addParameter)
    .option("--id <id>", "of the request")
    .configureOutput(oneLineErrors)
    .action((url: string, name: string, flags: InferFlags) => told(() => infer(url, name, flags)));
  return addClientFlags(command, help);
}

function add(text: string, list: readonly string[] = []): readonly string[] {
  return [...list, text];
}

function toVersion(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a positive integer.");
}

function addParameter(text: string, parameters: Parameters = {}): Parameters {
  const [, name, value = ""] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError("It must be a name, = and a value.");
  return { ...parameters, [name]: parameterOf(value) };
}

/** A number or a boolean, if it is one; else a text. */
function parameterOf(text: string): ParameterValue {
  if (text === "true" || text === "false") return text === "true";
  if (/^-?\d{16,}$/.test(text)) return BigInt(text);
  const number = text.trim() === "" ? Number.NaN : Number(text);
  return Number.isFinite(number) ? number : text;
}

async function infer(url: string, name: string, flags: InferFlags): Promise<void> {
  const { readModelShape } = await import("../client/model-shape.ts");
  const { readInputs } = await import("./given-values.ts");
  const client = await openClient(url, flags);
  try {
    const model = client.model(name, flags.version);
    const config = model.config();
    const shape = await readModelShape(model.metadata(), config);
    // Not every server has one: then shapes say enough.
    const said = await config.catch(() => undefined);
    const isSample = flags.sample === true && shape.isBatching;
    const known = shape.inputs.map((input) => {
      return isSample ? { ...input, dims: input.dims.slice(1) } : input;
    });
    const { scale, fit } = flags;
    const inputs = await readInputs(flags.input ?? [], {
      inputs: known,
      hasBatch: shape.isBatching && !isSample,
      config: said,
      scale,
      fit,
    });
    await print(responses(model, isDecoupled(said), { inputs, flags }), flags);
  } finally {
    client.close();
  }
}

interface Asked {
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly flags: InferFlags;
}

async function* responses(
  model: ModelClient,
  streams: boolean,
  { inputs, flags }: Asked,
): AsyncGenerator<ShownOutputs> {
  const { output, parameter, id } = flags;
  const options: InferOptions = {
    ...(parameter !== undefined && { parameters: parameter }),
    ...(output !== undefined && { outputs: output }),
    ...(id !== undefined && { id }),
  };
  const isSample = flags.sample === true;
  if (streams)
    yield* isSample ? model.streamSample(inputs, options) : model.stream(inputs, options);
  else yield await (isSample ? model.inferSample(inputs, options) : model.infer(inputs, options));
}

/** One response a piece, as it comes. */
async function print(answers: AsyncIterable<ShownOutputs>, flags: InferFlags): Promise<void> {
  const { out = "-" } = flags;
  const format = flags.format ?? formatOf(out);
  if (format === "npy" && out === "-" && process.stdout.isTTY) {
    throw new UsageError("a terminal cannot show .npy: -o FILE");
  }
  const toBytes = await writerOf(format);
  const write = sinkOf(out);
  let isFirst = true;
  for await (const outputs of answers) {
    if (!isFirst && format === "npy") {
      throw new UsageError("an .npy file holds one response, and the model sends more: json does");
    }
    isFirst = false;
    // Whoever reads it may have left: then so does this.
    if (!(await write(toBytes(outputs)))) break;
  }
}

function formatOf(path: string): Format {
  return formats.find((format) => extname(path) === `.${format}`) ?? "table";
}

async function writerOf(format: Format): Promise<(outputs: ShownOutputs) => string | Uint8Array> {
  if (format !== "npy") {
    const { jsonText, tableText } = await import("./shown-outputs.ts");
    return format === "json" ? jsonText : tableText;
  }
  const { writeNpy } = await import("./npy-file.ts");
  return (outputs) => {
    const [only, ...others] = Object.values(outputs);
    if (only !== undefined && others.length === 0) return writeNpy(only);
    const names = Object.keys(outputs).join(", ");
    throw new UsageError(`an .npy file holds one output: --output with one of ${names}`);
  };
}

/** Resolves to false once nobody takes it any more. The file is there when there is something. */
function sinkOf(path: string): (piece: string | Uint8Array) => Promise<boolean> {
  if (path === "-") {
    return (piece) =>
      new Promise((resolve) => process.stdout.write(piece, (error) => resolve(!error)));
  }
  let isNew = true;
  return async (piece) => {
    const file = await open(path, isNew ? "w" : "a");
    isNew = false;
    try {
      await file.writeFile(piece);
    } finally {
      await file.close();
    }
    return true;
  };
}
