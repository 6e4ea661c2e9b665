/**
 * Picture layout: where a picture goes in an input, if it is one for pictures.
 *
 *   [C,H,W]  [H,W,C]  [N,C,H,W]  [N,H,W,C]    C is 1 (grey), 3 (RGB) or 4 (RGBA)
 *
 * H and W may be -1, so may N. Which one it is: what the model's configuration says of the input's
 * format, else where a number of channels stands; if at both ends, where 3 does, else first.
 */
import type { JsonObject } from "../client/connection.ts";
import type { KnownTensor } from "../client/model-shape.ts";
import { isFields } from "../protocol/fields.ts";

export interface PictureLayout {
  readonly channels: Channels;
  /** Undefined: the picture's own. */
  readonly height: number | undefined;
  readonly width: number | undefined;
  readonly isChannelsFirst: boolean;
  /** Has it a dimension for several pictures? */
  readonly takesSeveral: boolean;
}

export type Channels = 1 | 3 | 4;

interface Model {
  /** The first dimension is the batch's, of which the model's configuration does not speak. */
  readonly hasBatch: boolean;
  /** Undefined: the server has none to tell. */
  readonly config: JsonObject | undefined;
}

/** What `pictureLayout` takes. */
export const pictureShapes =
  "[C,H,W] or [H,W,C], where C is 1, 3 or 4, with a dimension for several before it or without";

/** Undefined: it is no input for pictures. */
export function pictureLayout(
  { name, dims }: KnownTensor,
  { hasBatch, config }: Model,
): PictureLayout | undefined {
  const takesSeveral = dims.length === 4;
  // Of a model that batches, three dimensions are no picture but a batch of something smaller.
  if (!takesSeveral && (dims.length !== 3 || hasBatch)) return undefined;
  const [first = -1, second = -1, third = -1] = dims.slice(-3);
  const ofFirst = isChannels(first)
    ? { channels: first, height: known(second), width: known(third), isChannelsFirst: true }
    : undefined;
  const ofLast = isChannels(third)
    ? { channels: third, height: known(first), width: known(second), isChannelsFirst: false }
    : undefined;
  const found = {
    FORMAT_NCHW: ofFirst,
    FORMAT_NHWC: ofLast,
    FORMAT_NONE: first !== 3 && third === 3 ? ofLast : (ofFirst ?? ofLast),
  }[formatOf(name, config)];
  return found && { ...found, takesSeveral };
}

function isChannels(dimension: number): dimension is Channels {
  return dimension === 1 || dimension === 3 || dimension === 4;
}

function known(dimension: number): number | undefined {
  return dimension === -1 ? undefined : dimension;
}

const formats = ["FORMAT_NONE", "FORMAT_NCHW", "FORMAT_NHWC"] as const;

/** FORMAT_NONE if it says nothing that is known. */
function formatOf(name: string, config: JsonObject | undefined): (typeof formats)[number] {
  const { input: inputs } = config ?? {};
  if (!Array.isArray(inputs)) return "FORMAT_NONE";
  const input: unknown = inputs.find((each: unknown) => isFields(each) && each["name"] === name);
  const said = isFields(input) ? input["format"] : undefined;
  return formats.find((format) => format === said) ?? "FORMAT_NONE";
}
