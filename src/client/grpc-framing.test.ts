/** Messages of gRPC come whole, wherever the bytes of the stream are cut. */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { Random } from "../testing/random.ts";
import { FrameReader, framed } from "./grpc-framing.ts";

test("messages are found again in bytes that are cut anywhere", () => {
  for (let seed = 0; seed < 300; seed += 1) {
    const random = new Random(seed);
    const messages = Array.from({ length: random.between(0, 5) }, () => {
      const byteLength = random.between(0, seed % 10 === 0 ? 40_000 : 12);
      return new Uint8Array(byteLength).map(() => random.between(0, 255));
    });
    const bytes = Buffer.concat(
      messages.flatMap((message) => framed({ pieces: [message], byteLength: message.byteLength })),
    );
    const reader = new FrameReader(40_000);
    const found: Uint8Array[] = [];
    for (let start = 0; start < bytes.byteLength; ) {
      const end = start + random.between(1, seed % 10 === 0 ? 5000 : 7);
      found.push(...reader.read(bytes.subarray(start, end)).map((frame) => frame.bytes));
      start = end;
    }
    check.deepEqual(found.map(Buffer.from), messages.map(Buffer.from), `seed ${seed}`);
  }
});

test("a message that comes in pieces ends at a multiple of 8 in memory", () => {
  const [only] = framed({ pieces: [new Uint8Array(3)], byteLength: 3 });
  const reader = new FrameReader(100);
  reader.read(only?.subarray(0, 6) ?? new Uint8Array(0));
  const [frame] = reader.read(only?.subarray(6) ?? new Uint8Array(0));
  check.equal(((frame?.bytes.byteOffset ?? 0) + 3) % 8, 0);
});
