/**
 * What shared answers cost and save: microseconds of processor time per request, in this process.
 *
 *   node bench/cache.mjs [ROUNDS]
 *
 * A tiny inline model without sharing, with single-flight alone, and with a cache: every request new
 * (miss) or every one known (hit). In each round the ways follow each other, and the median counts;
 * so what else the machine does hits all of them. Requests come 64 at a time.
 */
import { cpuUsage } from "node:process";
import { createServer, fp32, model } from "shoal";

const rounds = Number(process.argv[2] ?? 7);
const together = 64;

function tiny(name, elements, options) {
  return model(`${name}-${elements}`, {
    inputs: { x: fp32(elements) },
    outputs: { y: fp32(1) },
    maxBatchSize: together,
    infer: ({ x }) => ({ y: new Float32Array(x.rows).fill(x.data[0]) }),
    ...options,
  });
}

/** Name, model, and whether each request is a new one. */
function waysOf(elements) {
  const cached = tiny("cached", elements, { cache: true });
  return [
    ["plain", tiny("plain", elements, {}), false],
    ["single-flight, none equal", tiny("flight", elements, { singleFlight: true }), true],
    ["cache, miss", cached, true],
    ["cache, hit", cached, false],
  ];
}

let fresh = 0;

/** Of so many requests, microseconds each. */
async function measure(server, target, isNew, elements, count) {
  const inputs = Array.from({ length: together }, (_, index) => {
    return new Float32Array(elements).fill(index);
  });
  const { user, system } = cpuUsage();
  for (let sent = 0; sent < count; sent += together) {
    const answers = inputs.map((x) => {
      fresh += 1;
      if (isNew) x[0] = fresh;
      return server.infer({ model: target, inputs: { x } });
    });
    await Promise.all(answers);
  }
  const used = cpuUsage({ user, system });
  return (used.user + used.system) / count;
}

const options = {
  allowHttp: false,
  allowGrpc: false,
  allowMetrics: false,
  logInfo: false,
  logWarning: false,
};

for (const [elements, count] of [
  [16, 20_000],
  [1024, 20_000],
  [150_000, 640],
]) {
  const ways = waysOf(elements);
  const server = createServer([...new Set(ways.map(([, target]) => target))], options);
  await server.ready;
  const figures = new Map(ways.map(([name]) => [name, []]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const [name, target, isNew] of ways) {
      const micros = await measure(server, target, isNew, elements, count);
      if (round > 0) figures.get(name).push(micros);
    }
  }
  for (const [name, values] of figures) {
    const median = values.sort((one, other) => one - other)[Math.floor(values.length / 2)];
    const size = `${elements * 4} bytes`.padStart(13);
    console.log(`${size}  ${name.padEnd(26)} ${median.toFixed(1)} µs`);
  }
  await server.close();
}
