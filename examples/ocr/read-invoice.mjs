/**
 * Reads the text in a picture, with the two models of examples/start/ocr.mjs:
 * the picture goes to the detector, each box that it finds goes to the recognizer.
 *
 *   npm start                                         in one terminal
 *   node examples/ocr/read-invoice.mjs [picture.png]  in another
 */
import { fileURLToPath } from "node:url";
import { infer, runExample } from "../binary-client.mjs";
import { findBoxes, groupIntoRows } from "./boxes.mjs";
import { decodeText } from "./characters.mjs";
import { detectorScale, readPicture, recognizerScale, tensorOf } from "./picture.mjs";

const sample = new URL("../data/invoice.png", import.meta.url);
const path = process.argv[2] ?? fileURLToPath(sample);

/** The detector wants multiples of 32; larger pictures are made smaller. */
const largestSide = 960;
const lineHeight = 48;

await runExample(async (serverUrl) => {
  const picture = readPicture(path);
  const startMs = performance.now();
  const boxes = await detect(serverUrl, picture);
  const rows = await Promise.all(
    groupIntoRows(boxes).map((row) =>
      Promise.all(row.map((box) => recognize(serverUrl, picture, box))),
    ),
  );
  const tookMs = Math.round(performance.now() - startMs);
  for (const row of rows) {
    const line = row.map(({ text }) => text).join("   ");
    const confidence = Math.min(...row.map((part) => part.confidence));
    console.log(`${confidence.toFixed(2)}  ${line}`);
  }
  console.log(`\n${boxes.length} pieces of text, ${boxes.length + 1} requests, ${tookMs} ms`);
});

async function detect(serverUrl, picture) {
  const scale = Math.min(1, largestSide / Math.max(picture.width, picture.height));
  const width = toMultipleOf32(picture.width * scale);
  const height = toMultipleOf32(picture.height * scale);
  const whole = { left: 0, top: 0, right: picture.width, bottom: picture.height };
  const x = tensorOf(picture, whole, { width, height, ...detectorScale });
  const { "sigmoid_0.tmp_0": map } = await infer(serverUrl, "ocr_detector", { x });
  const [scaleX, scaleY] = [picture.width / width, picture.height / height];
  return findBoxes(map.data, width, height).map(({ left, top, right, bottom }) => ({
    left: left * scaleX,
    top: top * scaleY,
    right: right * scaleX,
    bottom: bottom * scaleY,
  }));
}

async function recognize(serverUrl, picture, box) {
  const aspect = (box.right - box.left) / (box.bottom - box.top);
  const width = Math.max(lineHeight, Math.round(lineHeight * aspect));
  const x = tensorOf(picture, box, { width, height: lineHeight, ...recognizerScale });
  const { "softmax_11.tmp_0": steps } = await infer(serverUrl, "ocr_recognizer", { x });
  return decodeText(steps);
}

function toMultipleOf32(size) {
  return Math.max(32, 32 * Math.round(size / 32));
}
