/**
 * Pictures as a tensor: pixels in the order and the range that a model takes. Colours are RGB.
 *
 * Not here: what the ranges are (picture-options.ts).
 */
import { encodeElement } from "../definition/element-arrays.ts";
import { PlainTensor } from "../definition/plain-tensor.ts";
import { typedArrays } from "../protocol/typed-arrays.ts";
import type { Pixels } from "./picture-file.ts";
import type { PictureLayout } from "./picture-layout.ts";
import type { Scale } from "./picture-options.ts";

/** What pictures may become; BF16 is among them because it costs nothing. */
export const pictureDatatypes = ["UINT8", "FP16", "BF16", "FP32", "FP64"] as const;

export type PictureDatatype = (typeof pictureDatatypes)[number];

/** (value - mean) / deviation; one number counts for every channel. */
const normal: Readonly<Record<Scale, { mean: readonly number[]; deviation: readonly number[] }>> = {
  none: { mean: [0], deviation: [1] },
  unit: { mean: [0], deviation: [255] },
  inception: { mean: [127.5], deviation: [127.5] },
  vgg: { mean: [123, 117, 104], deviation: [1] },
  imagenet: {
    mean: [0.485 * 255, 0.456 * 255, 0.406 * 255],
    deviation: [0.229 * 255, 0.224 * 255, 0.225 * 255],
  },
};

/** Has each channel a mean of its own? Those are red's, green's and blue's. */
export function isOfColours(scale: Scale): boolean {
  return normal[scale].mean.length > 1;
}

interface Target {
  readonly datatype: PictureDatatype;
  readonly layout: PictureLayout;
  readonly scale: Scale;
}

/** All are of one size; more than one only where the layout takes several. */
export function pictureTensor(
  pictures: readonly Pixels[],
  { datatype, layout, scale }: Target,
): PlainTensor {
  const { height = 0, width = 0 } = pictures[0] ?? {};
  const { channels, isChannelsFirst, takesSeveral } = layout;
  const area = height * width;
  const [ofChannel, ofPixel] = isChannelsFirst ? [area, 1] : [1, channels];
  const size = area * channels;
  // Numbers of one kind or another: the datatype decides, and the table has the same.
  const values = new typedArrays[datatype](size * pictures.length) as Float64Array;
  for (let channel = 0; channel < channels; channel += 1) {
    const table = encodedValues({ datatype, scale, channel });
    for (const [index, picture] of pictures.entries()) {
      const start = index * size + channel * ofChannel;
      for (let pixel = 0; pixel < area; pixel += 1) {
        const value = picture.values[pixel * channels + channel] ?? 0;
        values[start + pixel * ofPixel] = table[value] ?? 0;
      }
    }
  }
  const one = isChannelsFirst ? [channels, height, width] : [height, width, channels];
  const shape = takesSeveral ? [pictures.length, ...one] : one;
  return new PlainTensor({ datatype, shape, bytes: new Uint8Array(values.buffer) });
}

interface Encoded extends Omit<Target, "layout"> {
  readonly channel: number;
}

/** What becomes of 0, 1, ... 255. */
function encodedValues({ datatype, scale, channel }: Encoded): readonly number[] {
  const mean = at(normal[scale].mean, channel);
  const deviation = at(normal[scale].deviation, channel);
  return Array.from({ length: 256 }, (_, value) => {
    return Number(encodeElement(datatype, (value - mean) / deviation));
  });
}

function at(ofChannels: readonly number[], channel: number): number {
  return ofChannels[channel] ?? ofChannels[0] ?? 0;
}
