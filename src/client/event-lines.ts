/**
 * Streams of JSON over HTTP: server-sent events, or an object a line.
 *
 * Lines end with LF or CR LF, and bytes may be cut anywhere. Comments, and fields that we have no
 * use for, are passed over. What nobody ends grows no further than the limit.
 */
import { badAnswer, tooLong } from "./client-error.ts";

/** The data of each event that has some, and each line that begins with a brace: no field does. */
export async function* documentsOf(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let line = "";
  // White space around it, such as between the lines of one event, does not matter in JSON.
  let data = "";
  function* endLine(): Generator<string, void, undefined> {
    if (line.startsWith("data:")) data += `${line.slice(5)}\n`;
    if (line.startsWith("{")) yield line;
    if (line.trim() === "") {
      if (data.trim() !== "") yield data;
      data = "";
    }
  }
  const checkLength = (): void => {
    if (line.length + data.length > maxBytes) throw tooLong(maxBytes);
  };
  for await (const chunk of chunks) {
    const [first = "", ...others] = decoder.decode(chunk, { stream: true }).split("\n");
    line += first;
    checkLength();
    for (const next of others) {
      yield* endLine();
      line = next;
      checkLength();
    }
  }
  line += decoder.decode();
  if (line !== "") yield* endLine();
  // Cut off within an event: by the standard it does not count, and here it is an error.
  if (data !== "") throw badAnswer("the answer is cut off within an event");
}
