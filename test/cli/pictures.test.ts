/**
 * Pictures as inputs of `shoal infer`: known colours become known numbers, whatever the order, the
 * datatype and the size that a model asks for; and one line for each picture that cannot be taken.
 */
import { strict as check } from "node:assert";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import sharp, { type Create, type Sharp } from "sharp";
import {
  bf16,
  bytes,
  createServer,
  fp16,
  fp32,
  fp64,
  int8,
  type Model,
  model,
  type TensorSpec,
  uint8,
} from "shoal";
import type { ProgramOptions } from "../program.ts";
import { type Ended, onlyHttp, shoal, urlOf } from "./asked-models.ts";
import { modelFolder } from "./model-folder.ts";

const folder = modelFolder({
  "huge.svg": '<svg xmlns="http://www.w3.org/2000/svg" width="20000" height="20000"></svg>',
  "text.jpg": "this is no picture",
  "empty.png": "",
});

/** Two rows of three: red, green, blue; white, black, and a colour whose channels differ. */
const colours = [
  [
    [255, 0, 0],
    [0, 255, 0],
    [0, 0, 255],
  ],
  [
    [255, 255, 255],
    [0, 0, 0],
    [51, 102, 204],
  ],
];

const small = sharp(Buffer.from(colours.flat(2)), { raw: { width: 3, height: 2, channels: 3 } });

async function write(name: string, picture: Sharp): Promise<void> {
  writeFileSync(join(folder, name), await picture.toBuffer());
}

await write("a.png", small.clone().png());
await write("A.TIFF", small.clone().tiff({ compression: "lzw" }));
await write("a.webp", small.clone().webp({ lossless: true }));
await write("deep.png", small.clone().toColourspace("rgb16").png());
await write("grey.png", small.clone().greyscale().png());
await write("turned.webp", small.clone().withMetadata({ orientation: 6 }).webp({ lossless: true }));
await write("red.jpg", sharp({ create: flat(40, 20, "#fe0000") }).jpeg({ quality: 100 }));
await write("blue.gif", sharp({ create: flat(3, 2, "#0000ff") }).gif());
await write("glass.png", sharp({ create: flat(3, 2, "#ff000080") }).png());
writeFileSync(join(folder, "cut.png"), readFileSync(join(folder, "a.png")).subarray(0, -30));
writeFileSync(join(folder, "a.bmp"), "BM");

function flat(width: number, height: number, background: string): Create {
  return { width, height, channels: background.length > 7 ? 4 : 3, background };
}

/** Answers with its input. */
function mirror(name: string, image: TensorSpec, batching?: false): Model {
  return model(name, {
    instances: { kind: "inline" },
    ...(batching === false && { batching }),
    inputs: { image },
    outputs: { image },
    infer: (inputs) => inputs,
  });
}

const server = createServer(
  [
    mirror("nchw", fp32(3, 2, 3)),
    mirror("nhwc", uint8(2, 3, 3)),
    mirror("any-nchw", uint8(3, -1, -1)),
    mirror("any-nhwc", fp32(-1, -1, 3)),
    mirror("wide", uint8(-1, 6, 3)),
    mirror("grey", uint8(1, -1, -1)),
    mirror("grey-last", fp32(-1, -1, 1)),
    mirror("rgba", uint8(-1, -1, 4)),
    mirror("fp16", fp16(-1, -1, 3)),
    mirror("bf16", bf16(-1, -1, 3)),
    mirror("fp64", fp64(-1, -1, 3)),
    mirror("single", uint8(-1, -1, 3), false),
    mirror("pair", uint8(2, -1, -1, 3), false),
    mirror("one-pixel", uint8(1, 1, 3)),
    mirror("square", uint8(4, 4, 3)),
    mirror("endless", uint8(65_000, 65_000, 3)),
    mirror("encoded", bytes(1)),
    mirror("encoded-uint8", uint8(-1)),
    mirror("linear", fp32(3)),
    mirror("int8", int8(3, -1, -1)),
  ],
  onlyHttp,
);
let url = "";

before(async () => {
  url = await urlOf(server);
});

after(() => server.close());

async function infer(args: readonly string[], options: ProgramOptions = {}): Promise<Ended> {
  return await shoal(["infer", url, ...args], { cwd: folder, ...options });
}

function picture(...paths: readonly string[]): readonly string[] {
  return paths.flatMap((path) => ["--input", `image=@${path}`]);
}

/** What the model got. */
async function imageOf(args: readonly string[]): Promise<unknown> {
  const { stdout, stderr } = await infer([...args, "--format", "json"]);
  check.equal(stderr, "");
  return (JSON.parse(stdout) as { outputs: [{ data: unknown }] }).outputs[0].data;
}

type Rows = readonly (readonly (readonly number[])[])[];

function mapped(rows: Rows, change: (value: number, channel: number) => number): Rows {
  return rows.map((row) => row.map((pixel) => pixel.map(change)));
}

function planes(rows: Rows): Rows {
  return [0, 1, 2].map((channel) => rows.map((row) => row.map((pixel) => pixel[channel] ?? 0)));
}

const float = Math.fround;
const units = mapped(colours, (value) => float(value / 255));
const luma = [
  [76, 150, 29],
  [255, 0, 98],
];
/** As libvips makes them. */
const greys = [
  [[127], [220], [76]],
  [[255], [0], [106]],
];
/** Turned to the right by a quarter. */
const turned = [0, 1, 2].map((column) => [colours[1]?.[column] ?? [], colours[0]?.[column] ?? []]);
const pink = [255, 127, 127];
const red = [254, 0, 0];
const blue = [0, 0, 255];
const black = [0, 0, 0];

function filled(height: number, width: number, pixel: readonly number[]): Rows {
  return Array.from({ length: height }, () => Array.from({ length: width }, () => pixel));
}

const meanOf = [0.485, 0.456, 0.406];
const deviationOf = [0.229, 0.224, 0.225];
const imagenet = mapped(colours, (value, channel) => {
  const mean = (meanOf[channel] ?? 0) * 255;
  return float((value - mean) / ((deviationOf[channel] ?? 0) * 255));
});

const taken: readonly [args: readonly string[], image: unknown][] = [
  [["nchw", ...picture("a.png")], [planes(units)]],
  [["nchw", "--sample", ...picture("a.png")], planes(units)],
  [["nhwc", ...picture("a.png")], [colours]],
  [["nhwc", ...picture("A.TIFF")], [colours]],
  [["nhwc", ...picture("a.webp")], [colours]],
  [["nhwc", ...picture("deep.png")], [colours]],
  [["any-nchw", ...picture("a.png")], [planes(colours)]],
  [["any-nhwc", ...picture("a.png")], [units]],
  [["single", ...picture("a.png")], colours],
  [
    ["pair", ...picture("a.png", "a.webp")],
    [colours, colours],
  ],
  [
    ["nhwc", ...picture("a.png", "blue.gif", "a.png")],
    [colours, filled(2, 3, blue), colours],
  ],
  [["grey", ...picture("a.png")], [[luma]]],
  [["grey-last", "--scale", "none", ...picture("grey.png")], [greys]],
  [
    ["nhwc", ...picture("grey.png")],
    [greys.map((row) => row.map(([value]) => [value, value, value]))],
  ],
  [["any-nchw", ...picture("turned.webp")], [planes(turned)]],
  [["nhwc", ...picture("glass.png")], [filled(2, 3, pink)]],
  [["rgba", ...picture("glass.png")], [filled(2, 3, [255, 0, 0, 128])]],
  [["rgba", ...picture("blue.gif")], [filled(2, 3, [...blue, 255])]],
  [["fp16", "--scale", "inception", ...picture("blue.gif")], [filled(2, 3, [-1, -1, 1])]],
  [["bf16", "--scale", "vgg", ...picture("blue.gif")], [filled(2, 3, [-123, -117, 151])]],
  [["fp64", "--scale", "none", ...picture("a.png")], [colours]],
  [["any-nhwc", "--scale", "imagenet", ...picture("a.png")], [imagenet]],
  [["one-pixel", ...picture("red.jpg")], [[[red]]]],
  [["wide", ...picture("red.jpg")], [filled(3, 6, red)]],
  [["square", ...picture("red.jpg")], [filled(4, 4, red)]],
  [["square", "--fit", "cover", ...picture("red.jpg")], [filled(4, 4, red)]],
  [
    ["square", "--fit", "contain", ...picture("red.jpg")],
    [[black, red, red, black].map((pixel) => filled(1, 4, pixel)[0])],
  ],
];

for (const [args, image] of taken) {
  test(args.join(" "), async () => {
    check.deepEqual(await imageOf(args), image);
  });
}

const takes = /UINT8, FP16, BF16, FP32, FP64 of shape \[C,H,W\] or \[H,W,C\], where C is 1, 3 or 4/;
const refused: readonly [args: readonly string[], told: RegExp][] = [
  [
    ["linear", ...picture("a.png")],
    /^error: input 'image': 'a.png' is a picture, and FP32 \[-1,3\]/,
  ],
  [["linear", ...picture("a.png")], takes],
  [["int8", ...picture("a.png")], takes],
  [["nchw", ...picture("cut.png")], /^error: input 'image': 'cut.png': it is no picture that can/],
  [["nchw", ...picture("text.jpg")], /'text.jpg': .* unsupported image format$/],
  [["nchw", ...picture("a.bmp")], /'a.bmp': .* unsupported image format$/],
  [["nchw", ...picture("empty.png")], /'empty.png': it is no picture/],
  [["nchw", ...picture("gone.png")], /^error: input 'image': there is no file 'gone.png'$/],
  [["any-nchw", ...picture("huge.svg")], /'huge.svg': .* it has more than 100 million pixels$/],
  [["endless", ...picture("a.png")], /would become 65000 x 65000: there may be from 1 to 100 mill/],
  [["single", ...picture("a.png", "a.webp")], /'image': it takes one picture, and 2 are given$/],
  [["any-nchw", ...picture("a.png", "red.jpg")], /'a.png' has 3 x 2 pixels, 'red.jpg' 40 x 20$/],
  [["nchw", ...picture("a.png"), "--input", "image=1"], /'image': it is given twice$/],
  [["encoded", ...picture("a.png", "a.png")], /'image': it is given twice$/],
  [
    ["nhwc", "--scale", "unit", ...picture("a.png")],
    /--scale unit makes floats, and it takes UINT8/,
  ],
  [
    ["grey-last", "--scale", "imagenet", ...picture("a.png")],
    /is for three channels, and it has 1$/,
  ],
  [["nchw", "--scale", "half", ...picture("a.png")], /Allowed choices are none, unit, inception, /],
  [
    ["linear", "--fit", "cover", "--input", "image=[1,2,3]"],
    /--fit are for pictures, and no input/,
  ],
];

for (const [args, message] of refused) {
  test(`refused: ${args.join(" ")}`, async () => {
    const { code, stdout, stderr } = await infer(args);
    check.deepEqual([code, stdout, stderr.split("\n").length], [1, "", 2]);
    check.match(stderr.trimEnd(), message);
  });
}

test("for a model that decodes by itself: the file as it is", async () => {
  const file = readFileSync(join(folder, "a.png"));
  check.deepEqual(await imageOf(["encoded-uint8", ...picture("a.png")]), [[...file]]);
  const { stdout } = await infer([
    "encoded",
    ...picture("a.png"),
    "--output",
    "image",
    "-o",
    "x.npy",
  ]);
  check.equal(stdout, "");
  check.ok(readFileSync(join(folder, "x.npy")).includes(file));
});

/** Node's, as if the package were not installed. */
const withoutSharp = `export async function resolve(name, context, next) {
  if (name !== "sharp") return await next(name, context);
  throw Object.assign(new Error("not found"), { code: "ERR_MODULE_NOT_FOUND" });
}`;

test("without the decoder: it says what to install", async () => {
  const hooks = `data:text/javascript,${encodeURIComponent(withoutSharp)}`;
  const code = `import { register } from "node:module"; register(${JSON.stringify(hooks)});`;
  const preload = `--import=data:text/javascript,${encodeURIComponent(code)}`;
  const options = { env: { NODE_OPTIONS: preload } };
  const { code: exitCode, stderr } = await infer(["nchw", ...picture("a.png")], options);
  check.equal(exitCode, 1);
  check.equal(
    stderr,
    "error: input 'image': the package sharp, which reads pictures, is not installed: " +
      "npm install sharp\n",
  );
  const other = await infer(["linear", "--input", "image=[1,2,3]"], options);
  check.equal(other.code, 0);
});
