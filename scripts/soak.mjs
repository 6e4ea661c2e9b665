/**
 * Soak: the simulation of the core on many more seeds than `npm test` runs.
 *
 *   npm run soak                        a million seeds, after those of npm test
 *   npm run soak -- --from 5000000      from another seed on
 *   npm run soak -- --count 10000       fewer, or more
 *
 * One thread per core. Ends at the first run that differs from the oracle, and names its seed
 * (`SEED=n npm test -- sim` replays it), or that does not come to an end, or when all have passed;
 * Ctrl-C tells how far it came. scripts/mutants.mjs runs it on a build of its own (--dist) with
 * one thread (--threads).
 */
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

/** Threads tell how far they are in pieces of so many seeds. */
const pieceSize = 20;

/** What takes so much longer than a piece does never ends. */
const longestPieceMs = 20_000;

const progressMs = 10_000;

if (isMainThread) await main();
else await runPieces(workerData);

async function main() {
  const { dist, from, count, threads } = await readOptions();
  const startedMs = performance.now();
  const done = { seeds: 0, events: 0 };
  const tell = (what) => {
    const seconds = (performance.now() - startedMs) / 1000;
    const rate = (done.seeds / seconds).toFixed(0);
    const numbers = [done.seeds, count, done.events].map((value) => value.toLocaleString("en"));
    const [seeds, all, events] = numbers;
    process.stdout.write(`${what}: ${seeds} of ${all} seeds, ${events} events, ${rate} seeds/s\n`);
  };
  const progress = setInterval(() => tell("so far"), progressMs);
  process.once("SIGINT", () => {
    tell("stopped");
    process.exit(130);
  });
  let next = from;
  const end = from + count;
  const takePiece = () => {
    if (next >= end) return undefined;
    const first = next;
    next = Math.min(end, first + pieceSize);
    return { first, end: next };
  };
  const note = (events, { first, end: pieceEnd }) => {
    done.seeds += pieceEnd - first;
    done.events += events;
  };
  const workers = Array.from(
    { length: threads },
    () => new Worker(fileURLToPath(import.meta.url), { workerData: { dist } }),
  );
  try {
    await Promise.all(workers.map((worker) => serve(worker, takePiece, note)));
    tell("all passed");
  } catch (error) {
    process.stdout.write(`${error.message}\n`);
    tell("failed");
    process.exitCode = 1;
  } finally {
    clearInterval(progress);
    for (const worker of workers) await worker.terminate();
  }
}

/** Gives a thread one piece after the other; rejects with the first failure. */
function serve(worker, takePiece, note) {
  return new Promise((settle, reject) => {
    let piece;
    let limit;
    const give = () => {
      piece = takePiece();
      if (piece === undefined) {
        settle();
        return;
      }
      const what = `seeds ${piece.first} to ${piece.end - 1}`;
      limit = setTimeout(() => reject(new Error(`${what}: one does not end`)), longestPieceMs);
      limit.unref();
      worker.postMessage(piece);
    };
    worker.on("message", ({ events, failure }) => {
      clearTimeout(limit);
      if (failure !== undefined) reject(new Error(failure));
      else {
        note(events, piece);
        give();
      }
    });
    worker.once("error", reject);
    give();
  });
}

/** In a thread. */
async function runPieces({ dist }) {
  const { simulate, Coverage } = await load(dist);
  const coverage = new Coverage();
  parentPort.on("message", async ({ first, end }) => {
    let events = 0;
    try {
      for (let seed = first; seed < end; seed += 1) {
        events += (await simulate(seed, { coverage })).eventCount;
      }
      parentPort.postMessage({ events });
    } catch (error) {
      parentPort.postMessage({ failure: error.message });
    }
  });
}

async function readOptions() {
  const { values } = parseArgs({
    options: {
      dist: { type: "string", default: "dist" },
      from: { type: "string" },
      count: { type: "string", default: "1000000" },
      threads: { type: "string", default: String(availableParallelism()) },
    },
  });
  const dist = resolve(values.dist);
  const numbers = {
    from: Number(values.from ?? (await load(dist)).fixedSeedCount),
    count: Number(values.count),
    threads: Number(values.threads),
  };
  for (const [name, value] of Object.entries(numbers)) {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new Error(`--${name} must be a whole number, got: ${values[name]}`);
    }
  }
  return { dist, ...numbers };
}

async function load(dist) {
  const folder = pathToFileURL(`${dist}/testing/simulation/`);
  const simulation = await import(new URL("simulate.js", folder).href);
  const { Coverage } = await import(new URL("coverage.js", folder).href);
  return { ...simulation, Coverage };
}
