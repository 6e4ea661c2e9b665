/**
 * The handler of main.py as a model: the same prices, for as many houses at a time as wait, with
 * metrics, limits and a queue. Types and shapes are checked before it is called.
 *
 * Its callers may go on posting plain JSON, to another path:
 *
 *   node examples/fastapi/server.mjs
 *   curl -s http://localhost:8000/v2/models/houses/generate -d '{"area":120,"rooms":4}'
 */
import { fp64, InferenceError, int32, model, serve } from "shoal";

const houses = model("houses", {
  inputs: { area: fp64(1), rooms: int32(1) },
  outputs: { price: fp64(1) },
  infer: ({ area, rooms }) => {
    if (area.data.some((value) => value <= 0)) {
      // Of a batch, only the guilty request hears this.
      throw new InferenceError("INVALID_ARGUMENT", "area must be above 0");
    }
    return { price: area.map((value, row) => 1000 * value + 5000 * Math.sqrt(rooms.data[row])) };
  },
});

await serve(houses);
