/**
 * The text encoder of examples/text, with its buckets and without. Threads import this file.
 */
import { encoder, textEncoder } from "../examples/text/encoder.mjs";

export const plain = textEncoder("plain", { module: import.meta.url });
export { encoder };
