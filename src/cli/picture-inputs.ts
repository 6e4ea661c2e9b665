/**
 * Inputs that are given as picture files: what is read of them, and whether it fits.
 *
 * Not here: decoding (picture-file.ts), where the numbers go (picture-layout.ts) and what they
 * become (picture-tensor.ts).
 */
import { extname } from "node:path";
import type { JsonObject } from "../client/connection.ts";
import type { KnownTensor } from "../client/model-shape.ts";
import { PlainTensor } from "../definition/plain-tensor.ts";
import { formatShape } from "../protocol/shape.ts";
import { decodePicture, importDecoder, type Pixels } from "./picture-file.ts";
import { type PictureLayout, pictureLayout, pictureShapes } from "./picture-layout.ts";
import type { Fit, Scale } from "./picture-options.ts";
import {
  isOfColours,
  type PictureDatatype,
  pictureDatatypes,
  pictureTensor,
} from "./picture-tensor.ts";
import { UsageError } from "./usage-error.ts";

export interface PictureOptions {
  readonly hasBatch: boolean;
  readonly config: JsonObject | undefined;
  /** Default: 0 to 1 for floats, else as it is. */
  readonly scale?: Scale | undefined;
  /** Default: stretch. */
  readonly fit?: Fit | undefined;
}

export interface GivenFile {
  readonly path: string;
  /** In memory of their own. */
  readonly bytes: Uint8Array;
}

/** BMP too, which sharp does not read: it says so. */
const extensions = /^\.(jpe?g|png|webp|gif|avif|tiff?|svg|bmp)$/i;

/** Is this file to be decoded for this input? BYTES takes it as it is. */
export function isPicture({ datatype }: KnownTensor, path: string): boolean {
  return datatype !== "BYTES" && extensions.test(extname(path));
}

/** One tensor of them all. Rejects with a UsageError, which leaves the input's name out. */
export async function readPictures(
  input: KnownTensor,
  files: readonly GivenFile[],
  options: PictureOptions,
): Promise<PlainTensor> {
  const { datatype, dims } = input;
  const layout = pictureLayout(input, options);
  if (files.length > 1 && layout?.takesSeveral !== true) {
    throw new UsageError(`it takes one picture, and ${files.length} are given`);
  }
  if (takesEncoded(input)) return encoded(input, files);
  if (layout === undefined || !isPictureDatatype(datatype)) {
    const taken = `${pictureDatatypes.join(", ")} of shape ${pictureShapes}`;
    const own = `${datatype} ${formatShape(dims)}`;
    throw new UsageError(`'${files[0]?.path}' is a picture, and ${own} takes none: ${taken} does`);
  }
  const scale = scaleFor(datatype, layout, options.scale);
  const { fit = "stretch" } = options;
  const pictures = await decodeAll(files, { layout, fit });
  return pictureTensor(pictures, { datatype, layout, scale });
}

function isPictureDatatype(datatype: string): datatype is PictureDatatype {
  return (pictureDatatypes as readonly string[]).includes(datatype);
}

/** UINT8 of one free dimension: bytes for a model that decodes by itself, such as those of DALI. */
function takesEncoded({ datatype, dims }: KnownTensor): boolean {
  return datatype === "UINT8" && dims.length <= 2 && dims.at(-1) === -1;
}

function encoded({ dims }: KnownTensor, files: readonly GivenFile[]): PlainTensor {
  const { bytes = new Uint8Array(0) } = files[0] ?? {};
  const shape = [...dims.slice(1).map(() => 1), bytes.byteLength];
  return new PlainTensor({ datatype: "UINT8", shape, bytes });
}

function scaleFor(
  datatype: PictureDatatype,
  { channels }: PictureLayout,
  given: Scale | undefined,
): Scale {
  const scale = given ?? (datatype === "UINT8" ? "none" : "unit");
  if (datatype === "UINT8" && scale !== "none") {
    throw new UsageError(`--scale ${scale} makes floats, and it takes UINT8: leave it out`);
  }
  if (isOfColours(scale) && channels !== 3) {
    throw new UsageError(`--scale ${scale} is for three channels, and it has ${channels}`);
  }
  return scale;
}

async function decodeAll(
  files: readonly GivenFile[],
  target: { readonly layout: PictureLayout; readonly fit: Fit },
): Promise<readonly Pixels[]> {
  const decoder = await importDecoder();
  const pictures: Pixels[] = [];
  for (const { path, bytes } of files) {
    const picture = await decodePicture(decoder, bytes, target).catch((error: unknown) => {
      throw error instanceof UsageError ? new UsageError(`'${path}': ${error.message}`) : error;
    });
    const [first = picture] = pictures;
    if (sizeOf(picture) !== sizeOf(first)) {
      const sizes = `'${files[0]?.path}' has ${sizeOf(first)} pixels, '${path}' ${sizeOf(picture)}`;
      throw new UsageError(`pictures of one batch must be of one size: ${sizes}`);
    }
    pictures.push(picture);
  }
  return pictures;
}

function sizeOf({ width, height }: Pixels): string {
  return `${width} x ${height}`;
}
