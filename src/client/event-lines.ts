/**
 * Streams of JSON over HTTP: server-sent events, or a JSON object a line.
 *
 * Bytes may be cut anywhere. What nobody ends grows no further than the limit.
 */
import { badAnswer } from "./client-error.ts";

/**
 * The data of each event, and each line that is an object in itself: no field begins with a brace.
 * Comments, and fields that we have no use for, are passed over.
 */
export async function* documentsOf(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<string, void, undefined> {
  let data: string[] = [];
  let length = 0;
  for await (const line of linesOf(chunks, maxBytes)) {
    if (line.startsWith("{")) yield line;
    if (line === "") {
      if (data.length > 0) yield data.join("\n");
      data = [];
      length = 0;
    } else if (line.startsWith("data:")) {
      data.push(line.slice(line.startsWith("data: ") ? 6 : 5));
      length += line.length;
      checkLength(length, maxBytes);
    }
  }
  // Cut off within an event: by the standard it does not count, and here it is an error.
  if (data.length > 0) throw badAnswer("the stream is cut off within an event");
}

/** Ended by LF or CR LF. Empty ones, too. */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let line = "";
  for await (const chunk of chunks) {
    const [first = "", ...others] = decoder.decode(chunk, { stream: true }).split("\n");
    line += first;
    for (const next of others) {
      checkLength(line.length, maxBytes);
      yield line.endsWith("\r") ? line.slice(0, -1) : line;
      line = next;
    }
    checkLength(line.length, maxBytes);
  }
  line += decoder.decode();
  if (line !== "") yield line;
}

function checkLength(length: number, maxBytes: number): void {
  if (length <= maxBytes) return;
  throw badAnswer(`a response is longer than ${maxBytes} bytes (option 'maxResponseBytes')`);
}
