/**
 * Models that return the wrong thing: their callers get a clear error, whichever kind of instance
 * it is, and the next batch is served.
 */
import { strict as check } from "node:assert";
import { after, before, test } from "node:test";
import type { Server } from "shoal";
import { post, startServer } from "../conformance/server.ts";
import { mistakes, wrongModel } from "./wrong-models.ts";

/** Behind the name of the model. */
const texts: Readonly<Record<string, string>> = {
  nothing: "infer must return an object of outputs; got undefined",
  null: "infer must return an object of outputs; got null",
  "a list": "infer must return an object of outputs; got an array",
  "a number": "infer must return an object of outputs; got number",
  "a missing output": "infer did not return output 'text'",
  "an output of undefined": "infer did not return output 'text'",
  "a surplus output": "infer returned 'z', which is no output of it",
  "too few rows": "output 'y' must be of shape [2,1]; got [1,1]",
  "too many rows": "output 'y' must be of shape [2,1]; got [3,1]",
  "too few rows in a typed array": "output 'y' must be elements of shape [2,1]; got 1 elements",
  "too few rows in a tensor": "output 'y' must be of shape [2,1]; got [1,1]",
  "no rows": "output 'y' must be elements of shape [2,1]; got 0 elements",
  "the wrong rank": "output 'y' must be of shape [2,1]; got [2,1,1]",
  "rows that are too long": "output 'y' must be of shape [2,1]; got [2,2]",
  "ragged rows": "output 'y': ragged arrays: 2 elements at depth 1 of shape [2,1]",
  "the wrong typed array": "output 'y' must be a Float32Array; got a Float64Array",
  "a tensor of the wrong datatype": "output 'y' must be FP32; got FP64",
  "texts for numbers": "output 'y': a string is not a value of FP32",
  "numbers for texts": "output 'text': 1 is not a value of BYTES: a string or a Uint8Array is",
  "a fraction for an integer": "output 'n': 1.5 is not a value of INT64",
  "an integer beyond its range": "output 'n': 9223372036854775808 is not a value of INT64",
  "a function": "output 'y' must be a tensor, a typed array or nested arrays; got function",
  "a number for rows": "output 'y' must be a tensor, a typed array or nested arrays; got number",
  "a map": "output 'y' must be a tensor, a typed array or nested arrays; got object",
};

for (const kind of ["inline", "thread"] as const) {
  let server: Server;
  let url: string;

  before(async () => {
    ({ server, url } = await startServer(wrongModel(kind)));
  });
  after(() => server.close());

  const ask = (mistake: string): ReturnType<typeof post> => {
    const inputs = [{ name: "x", shape: [2, 1], datatype: "FP32", data: [1, 2] }];
    return post(`${url}/v2/models/wrong/infer`, { parameters: { mistake }, inputs });
  };

  for (const mistake of mistakes) {
    test(`${kind}: a model returns ${mistake}`, async () => {
      const { status, text } = await ask(mistake);
      check.deepEqual([status, JSON.parse(text).error], [500, `model 'wrong': ${texts[mistake]}`]);
      const right = await ask("none");
      check.deepEqual(
        JSON.parse(right.text).outputs.map(({ data }: { readonly data: unknown }) => data),
        [
          [1, 2],
          [1, 2],
          ["a", "b"],
        ],
      );
    });
  }
}
