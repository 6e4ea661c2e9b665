/**
 * Sound from a WAV file: 16-bit samples, one channel, as numbers from -1 to 1.
 */
import { readFileSync } from "node:fs";

export function readWave(path, expectedRate) {
  const file = readFileSync(path);
  const complain = (what) => {
    throw new Error(
      `${path} is not a WAV file of ${expectedRate} Hz, 16 bit, one channel: ${what}`,
    );
  };
  if (file.toString("latin1", 0, 4) !== "RIFF") complain("it does not begin with RIFF");
  const chunks = chunksOf(file);
  const format = chunks.get("fmt ");
  const sound = chunks.get("data");
  if (format === undefined || sound === undefined) complain("it has no format or no data");
  const [kind, channels] = [format.readUInt16LE(0), format.readUInt16LE(2)];
  const [rate, bits] = [format.readUInt32LE(4), format.readUInt16LE(14)];
  if (kind !== 1 || channels !== 1 || rate !== expectedRate || bits !== 16) {
    complain(`format ${kind}, ${channels} channels, ${rate} Hz, ${bits} bit`);
  }
  const length = Math.floor(sound.byteLength / 2);
  return Float32Array.from({ length }, (_, index) => sound.readInt16LE(2 * index) / 32_768);
}

/** After twelve bytes: four letters, a length, that many bytes, and one more if it is odd. */
function chunksOf(file) {
  const chunks = new Map();
  for (let offset = 12; offset + 8 <= file.byteLength; ) {
    const name = file.toString("latin1", offset, offset + 4);
    const length = file.readUInt32LE(offset + 4);
    chunks.set(name, file.subarray(offset + 8, offset + 8 + length));
    offset += 8 + length + (length % 2);
  }
  return chunks;
}
