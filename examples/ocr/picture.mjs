/**
 * Pictures as the models want them: from a PNG to numbers, any part of it in any size.
 */
import { readFileSync } from "node:fs";
import { PNG } from "pngjs";

/** What the models were trained with. */
export const detectorScale = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };
export const recognizerScale = { mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5] };

/** { width, height, data }, four bytes a pixel: red, green, blue, opacity. */
export function readPicture(path) {
  return PNG.sync.read(readFileSync(path));
}

/**
 * The part `box` of a picture, resized, as a tensor of shape [1, 3, height, width]: one plane per
 * channel, blue first. Transparent pixels are white.
 */
export function tensorOf(picture, box, { width, height, mean, deviation }) {
  const data = new Float32Array(3 * width * height);
  const stepX = (box.right - box.left) / width;
  const stepY = (box.bottom - box.top) / height;
  for (let y = 0; y < height; y += 1) {
    const rows = neighbours(box.top + (y + 0.5) * stepY - 0.5, picture.height);
    for (let x = 0; x < width; x += 1) {
      const columns = neighbours(box.left + (x + 0.5) * stepX - 0.5, picture.width);
      for (let channel = 0; channel < 3; channel += 1) {
        const value = blend(picture, rows, columns, 2 - channel) / 255;
        const index = (channel * height + y) * width + x;
        data[index] = (value - mean[channel]) / deviation[channel];
      }
    }
  }
  return { datatype: "FP32", shape: [1, 3, height, width], data };
}

/** The two pixels around a position, and how much the second counts. */
function neighbours(position, size) {
  const inside = Math.min(Math.max(position, 0), size - 1);
  const first = Math.floor(inside);
  return { first, second: Math.min(first + 1, size - 1), share: inside - first };
}

function blend(picture, rows, columns, color) {
  const at = (row, column) => colorAt(picture, row, column, color);
  const mix = (a, b, share) => a + (b - a) * share;
  return mix(
    mix(at(rows.first, columns.first), at(rows.first, columns.second), columns.share),
    mix(at(rows.second, columns.first), at(rows.second, columns.second), columns.share),
    rows.share,
  );
}

function colorAt({ width, data }, row, column, color) {
  const index = 4 * (row * width + column);
  const opacity = data[index + 3] / 255;
  return data[index + color] * opacity + 255 * (1 - opacity);
}
