/**
 * Picture files, decoded: turned upright as their EXIF says, in sRGB, resized, as rows of pixels.
 * Of what moves it is the first picture.
 *
 * sharp decodes. It is imported late: only who gives pictures needs the package, so it is an
 * optional peer, and whoever lacks it is told what to install.
 *
 * Where an input has no alpha, a picture with alpha is laid on white, as viewers show it. Grey is
 * the luma of ITU-R 601, as in Pillow and OpenCV: what models have been trained with.
 *
 * Bounded: neither the picture nor what it becomes has more than `mostPixels`. A file of a few
 * bytes may say that it is large, and so may a server's shape.
 */
import type sharp from "sharp";
import type { Channels, PictureLayout } from "./picture-layout.ts";
import type { Fit } from "./picture-options.ts";
import { UsageError } from "./usage-error.ts";

export interface Pixels {
  readonly height: number;
  readonly width: number;
  readonly channels: Channels;
  /** Row by row, of each pixel one channel after another; 0 to 255. */
  readonly values: Uint8Array;
}

export type Decoder = typeof sharp;

const mostPixels = 100_000_000;
const mostText = `${mostPixels / 1e6} million pixels`;

/** Rejects with a UsageError that says what is missing. */
export async function importDecoder(
  load: () => Promise<{ readonly default: Decoder }> = () => import("sharp"),
): Promise<Decoder> {
  try {
    return (await load()).default;
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND";
    throw new UsageError(
      isMissing
        ? "the package sharp, which reads pictures, is not installed: npm install sharp"
        : `the package sharp, which reads pictures, cannot be loaded: ${firstLine(error)}`,
    );
  }
}

/** Rejects with a UsageError that says what is wrong with the file. */
export async function decodePicture(
  decode: Decoder,
  bytes: Uint8Array,
  { layout, fit }: { readonly layout: PictureLayout; readonly fit: Fit },
): Promise<Pixels> {
  const { channels } = layout;
  try {
    // Damage counts, a mere warning does not.
    const picture = decode(bytes, { limitInputPixels: mostPixels, failOn: "error" });
    const { autoOrient: own } = await picture.metadata();
    const size = sizeIn(layout, own);
    const coloured = picture.autoOrient().toColourspace("srgb");
    const opaque =
      channels === 4 ? coloured.ensureAlpha() : coloured.flatten({ background: "#fff" });
    const resized = opaque.resize({
      ...size,
      fit: fit === "stretch" ? "fill" : fit,
      background: { r: 0, g: 0, b: 0, alpha: 1 },
      // As Triton's and torchvision's examples do it.
      kernel: "linear",
      fastShrinkOnLoad: false,
    });
    const { data, info } = await resized.raw().toBuffer({ resolveWithObject: true });
    const values = channels === 1 ? toGrey(data, info.channels) : data;
    return { ...size, channels, values };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`it is no picture that can be read: ${whyNot(error)}`);
  }
}

interface Size {
  readonly height: number;
  readonly width: number;
}

/** Of a side that the input leaves open: its own, or as the other one asks. */
function sizeIn({ height, width }: PictureLayout, own: Size): Size {
  const size = {
    height: height ?? scaled(own.height, { from: own.width, to: width }),
    width: width ?? scaled(own.width, { from: own.height, to: height }),
  };
  if (size.height > 0 && size.width > 0 && size.height * size.width <= mostPixels) return size;
  const wanted = `${size.width} x ${size.height}`;
  throw new UsageError(`it would become ${wanted}: there may be from 1 to ${mostText}`);
}

function scaled(side: number, { from, to = from }: { from: number; to: number | undefined }) {
  return Math.max(1, Math.round((side * to) / from));
}

/** As Pillow rounds it. */
function toGrey(values: Uint8Array, channels: number): Uint8Array {
  if (channels === 1) return values;
  const grey = new Uint8Array(values.length / channels);
  for (let index = 0; index < grey.length; index += 1) {
    const at = index * channels;
    const [red = 0, green = 0, blue = 0] = [values[at], values[at + 1], values[at + 2]];
    grey[index] = (red * 19_595 + green * 38_470 + blue * 7471 + 0x8000) >> 16;
  }
  return grey;
}

function whyNot(error: unknown): string {
  const line = firstLine(error);
  return /pixel limit/.test(line) ? `it has more than ${mostText}` : line;
}

function firstLine(error: unknown): string {
  const [line = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
  return line.replace(/:$/, "");
}
