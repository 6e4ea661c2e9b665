/** Event lines: the same events wherever the bytes are cut, and an end to what nobody ends. */
import { strict as check } from "node:assert";
import test from "node:test";
import fc from "fast-check";
import { documentsOf } from "./event-lines.ts";

async function* later<T>(items: Iterable<T>): AsyncGenerator<T> {
  for (const item of items) yield await Promise.resolve(item);
}

function cut(text: string, ...places: readonly number[]): AsyncGenerator<Uint8Array> {
  return later(pieces(text, places));
}

function* pieces(text: string, places: readonly number[]): Generator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  let start = 0;
  for (const place of [...places, bytes.byteLength].sort((a, b) => a - b)) {
    yield bytes.subarray(start, place);
    start = place;
  }
}

async function all(texts: AsyncIterable<string>): Promise<readonly string[]> {
  const list: string[] = [];
  for await (const text of texts) list.push(text);
  return list;
}

const places = fc.array(fc.nat({ max: 400 }), { maxLength: 12 });
const lineEnd = fc.constantFrom("\n", "\r\n");
const line = fc.string({ unit: "grapheme" }).map((text) => text.replace(/[\r\n\ufeff]/g, ""));

test("events are the same wherever they are cut", async () => {
  const event = fc.array(line, { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(event, { maxLength: 5 }),
      lineEnd,
      places,
      async (events, end, at) => {
        const texts = events.map((lines) => {
          const data = lines.map((text) => `data: ${text}${end}`).join("");
          return `: comment${end}event: message${end}id: 7${end}${data}${end}`;
        });
        const read = await all(documentsOf(cut(texts.join(""), ...at), 10_000));
        const expected = events.map(withoutSpace).filter((text) => text !== "");
        check.deepEqual(
          read.map((text) => withoutSpace(text.split("\n"))),
          expected,
        );
      },
    ),
    { numRuns: 500 },
  );
});

function withoutSpace(lines: readonly string[]): string {
  return lines
    .map((text) => text.trim())
    .join("\n")
    .trim();
}

test("lines are the same wherever they are cut, and the last needs no end", async () => {
  const object = line.map((text) => JSON.stringify({ text }));
  await fc.assert(
    fc.asyncProperty(fc.array(object), object, lineEnd, places, async (lines, last, end, at) => {
      const text = lines.map((each) => each + end).join("") + last;
      const read = await all(documentsOf(cut(text, ...at), 10_000));
      check.deepEqual(
        read.map((each) => each.trim()),
        [...lines, last],
      );
    }),
    { numRuns: 500 },
  );
});

test("a space behind the colon may be left out; other fields, and keep-alive lines, are no events", async () => {
  const text =
    ":\n\ndata:a\n\n\n\n: still here\n\nretry: 5\n\ndata:\n\ndata: b\ndata\ndatum: c\n\n";
  check.deepEqual(await all(documentsOf(cut(text), 100)), ["a\n", " b\n"]);
});

test("a stream that ends within an event is an error", async () => {
  for (const text of ["data: a", "data: a\n", 'data: a\n\ndata: {"x', "data: a\r\n"]) {
    await check.rejects(all(documentsOf(cut(text), 100)), {
      kind: "answer",
      message: "the answer is cut off within an event",
    });
  }
  check.deepEqual(await all(documentsOf(cut(""), 100)), []);
});

function endless(text: string): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  return later(
    (function* (): Generator<Uint8Array> {
      for (;;) yield bytes;
    })(),
  );
}

test("what nobody ends is an error at the limit", async () => {
  const error = { kind: "answer", message: /longer than 50 bytes \(option 'maxResponseBytes'\)/ };
  await check.rejects(all(documentsOf(endless("x"), 50)), error);
  await check.rejects(all(documentsOf(endless("data: x"), 50)), error);
  await check.rejects(all(documentsOf(endless("data: x\n"), 50)), error);
  // One that came whole, too.
  await check.rejects(all(documentsOf(cut(`{${"x".repeat(50)}\n`), 50)), error);
  const longest = `{${"x".repeat(49)}`;
  check.deepEqual(await all(documentsOf(cut(`${longest}\n`), 50)), [longest]);
});

test("comments without end are no response", async () => {
  let count = 0;
  function* comments(): Generator<Uint8Array> {
    for (; count < 1000; count += 1) yield new TextEncoder().encode(": keep-alive\n\n");
  }
  check.deepEqual(await all(documentsOf(later(comments()), 50)), []);
  check.equal(count, 1000);
});
