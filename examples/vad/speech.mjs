/**
 * Draws when somebody speaks, with the model of examples/start/vad.mjs: the sound goes to the
 * server in pieces of 32 ms, and the memory of the model travels along.
 *
 *   npm start                                 in one terminal
 *   node examples/vad/speech.mjs [sound.wav]  in another
 */
import { fileURLToPath } from "node:url";
import { infer, runExample } from "../binary-client.mjs";
import { readWave } from "./wave-file.mjs";

const rate = 16_000;
const pieceLength = 512;
/** The model wants the end of the previous piece in front of each: without it, it hears clicks. */
const overlap = 64;
const chartWidth = 72;
const speechThreshold = 0.5;

const sample = new URL("../data/speech.wav", import.meta.url);
const path = process.argv[2] ?? fileURLToPath(sample);

await runExample(async (serverUrl) => {
  const sound = readWave(path, rate);
  const startMs = performance.now();
  const probabilities = await listen(serverUrl, sound);
  const tookMs = performance.now() - startMs;
  const pieces = probabilities.map((_, index) => pieceAt(sound, index));
  console.log(`loudness |${chart(pieces.map(loudness))}|`);
  console.log(`speech   |${chart(probabilities)}|`);
  for (const { from, to } of spans(probabilities)) {
    console.log(`somebody speaks from ${seconds(from)} to ${seconds(to)}`);
  }
  const eachMs = (tookMs / probabilities.length).toFixed(1);
  console.log(`\n${seconds(probabilities.length)} of sound, ${probabilities.length} requests,`);
  console.log(`${Math.round(tookMs)} ms in all, ${eachMs} ms for each`);
});

/** One after another: each request needs the state that the one before it gave back. */
async function listen(serverUrl, sound) {
  const probabilities = [];
  const sr = { datatype: "INT64", shape: [1], data: BigInt64Array.of(BigInt(rate)) };
  let state = { datatype: "FP32", shape: [2, 1, 128], data: new Float32Array(2 * 128) };
  for (let index = 0; index * pieceLength < sound.length; index += 1) {
    const data = pieceAt(sound, index, overlap);
    const input = { datatype: "FP32", shape: [1, data.length], data };
    const { output, stateN } = await infer(serverUrl, "vad", { input, state, sr });
    probabilities.push(output.data[0]);
    state = stateN;
  }
  return probabilities;
}

/** With so many samples more in front; what lies outside of the sound is silence. */
function pieceAt(sound, index, before = 0) {
  const start = index * pieceLength - before;
  const length = pieceLength + before;
  return Float32Array.from({ length }, (_, offset) => sound[start + offset] ?? 0);
}

function loudness(piece) {
  const mean = piece.reduce((sum, value) => sum + value * value, 0) / piece.length;
  return Math.min(1, 3 * Math.sqrt(mean));
}

/** Values from 0 to 1 as a line of bars, each the largest of the values that it stands for. */
function chart(values) {
  const width = Math.min(chartWidth, values.length);
  const bars = Array.from({ length: width }, (_, column) => {
    const from = Math.floor((column * values.length) / width);
    const to = Math.max(from + 1, Math.floor(((column + 1) * values.length) / width));
    return " ▁▂▃▄▅▆▇█"[Math.round(8 * Math.max(...values.slice(from, to)))];
  });
  return bars.join("");
}

/** Stretches of pieces in which somebody speaks. */
function spans(probabilities) {
  const found = [];
  for (const [index, probability] of probabilities.entries()) {
    if (probability < speechThreshold) continue;
    const last = found.at(-1);
    if (last?.to === index) last.to = index + 1;
    else found.push({ from: index, to: index + 1 });
  }
  return found;
}

function seconds(pieceCount) {
  return `${((pieceCount * pieceLength) / rate).toFixed(2)} s`;
}
