/**
 * A model that computes, in two threads: model and server in one file.
 *
 * A thread imports this file again for its model, and stops at `serve()`: whatever `infer` uses
 * stands above that line, and what is below it runs in the main thread alone.
 *
 *   node examples/threads.mjs
 */
import { int32, model, serve } from "shoal";

function countPrimes(below) {
  const isComposite = new Uint8Array(below);
  let count = 0;
  for (let number = 2; number < below; number += 1) {
    if (isComposite[number]) continue;
    count += 1;
    for (let multiple = 2 * number; multiple < below; multiple += number) {
      isComposite[multiple] = 1;
    }
  }
  return count;
}

const primes = model("primes", {
  inputs: { below: int32(1) },
  outputs: { count: int32(1) },
  module: import.meta.url,
  instances: 2,
  infer: ({ below }) => ({ count: below.map((limit) => countPrimes(Math.min(limit, 10_000_000))) }),
});

const server = await serve(primes);
console.log(`Counting primes at ${server.urls.http}`);
