/**
 * Parameters and headers: what a request says beside its tensors. Each request of a batch has its
 * own; headers whose names match the pattern arrive as parameters, too.
 *
 *   node examples/parameters.mjs
 *   curl -s http://localhost:8000/v2/models/prices/infer -H 'x-customer: gold' \
 *     -d '{"parameters":{"currency":"EUR"},"inputs":[{"name":"usd","shape":[1,1],"datatype":"FP64","data":[10]}]}'
 */
import { bytes, fp64, InferenceError, model, serve } from "shoal";

const rates = new Map([
  ["USD", 1],
  ["EUR", 0.9],
]);

const prices = model("prices", {
  inputs: { usd: fp64(1) },
  outputs: { price: fp64(1), currency: bytes(1) },
  infer: ({ usd }, { requests, fail }) => {
    const price = usd.clone();
    const currency = [];
    for (const [index, { parameters, firstRow, rows }] of requests.entries()) {
      const asked = String(parameters.currency ?? "USD");
      const rate = rates.get(asked);
      if (rate === undefined) {
        // This request only; the others of its batch get their prices.
        fail(index, new InferenceError("INVALID_ARGUMENT", `there is no rate for ${asked}`));
      }
      const share = parameters["x-customer"] === "gold" ? 0.8 : 1;
      for (let row = firstRow; row < firstRow + rows; row += 1) {
        price.data[row] *= share * (rate ?? 1);
        currency.push([asked]);
      }
    }
    return { price, currency };
  },
});

await serve(prices, { httpHeaderForwardPattern: "^x-customer$" });
