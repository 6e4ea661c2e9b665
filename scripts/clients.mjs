/**
 * Clients of other makers against a server of ours: Triton's and PyTriton's Python clients, Google's
 * of reflection and health, and Triton's load generator.
 *
 *   node scripts/clients.mjs              all of them
 *   node scripts/clients.mjs perf         those named
 *
 * They need Python 3, and virtual environments of their own, because they want packages that
 * exclude each other; both are made in a temporary folder. Where there is no Python they are
 * skipped with a reason, or, with CHECK_STRICT=1, as on a build machine, a failure. The last line
 * is `N passed, N failed`.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { pythonEnvironment } from "./python-environment.mjs";
import { start as startCommand } from "./shown-command.mjs";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const built = spawnSync(process.execPath, ["scripts/ready.mjs", "--tests"], { stdio: [0, 2, 2] });
if (built.status !== 0) process.exit(1);
const { Program, shoalCommand } = await import("../dist-test/program.js");
const { writeExampleRepository } = await import("../dist-test/example-repository.js");
const temporary = mkdtempSync(join(tmpdir(), "shoal-clients-"));
const isStrict = process.env["CHECK_STRICT"] === "1";

const suites = {
  triton: {
    packages: [
      "tritonclient[http,grpc]==2.73.0",
      "prometheus_client==0.23.1",
      "ml_dtypes",
      "grpcio-reflection",
      "grpcio-health-checking",
    ],
    run: async (python) => [
      ...(await unittests(python, "triton_http_test.py")),
      ...(await unittests(python, "triton_grpc_test.py")),
      ...(await unittests(python, "reflection_test.py")),
      ...(await unittestsOfRestricted(python, "triton_restricted_test.py")),
      ...(await unittestsOfRepository(python, "triton_repository_test.py")),
      await readsStory(python),
    ],
  },
  pytriton: {
    packages: ["nvidia-pytriton==0.7.0", "numpy<2"],
    run: async (python) => [
      ...(await unittests(python, "pytriton_test.py")),
      ...(await unittestsOfRestricted(python, "pytriton_restricted_test.py")),
    ],
  },
  // Newer wheels do not hold the load generator any more.
  perf: {
    packages: ["tritonclient==2.41.1", "nvidia-cuda-runtime-cu12"],
    run: (python) => generateLoads(python),
  },
};

try {
  process.exitCode = await runAll(process.argv.slice(2));
} finally {
  rmSync(temporary, { recursive: true, force: true });
}

async function runAll(names) {
  const total = { passed: 0, failed: 0 };
  const server = await serve(shoalCommand, "serve", "test/clients/models.mjs");
  try {
    for (const [name, suite] of Object.entries(suites)) {
      if (names.length > 0 && !names.includes(name)) continue;
      for (const { passed, failed } of await runSuite(name, suite, server)) {
        total.passed += passed;
        total.failed += failed;
      }
    }
  } finally {
    await server.program.stop();
  }
  process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`);
  return total.failed > 0 ? 1 : 0;
}

async function runSuite(name, { packages, run }, server) {
  const startedMs = performance.now();
  process.stdout.write(`\n-- ${name}\n`);
  Object.assign(process.env, server.env);
  try {
    const python = await pythonEnvironment(join(temporary, name), packages);
    if (python === undefined) return skipped(`${name}: there is no Python 3 with venv`);
    return await run(python);
  } catch (error) {
    process.stdout.write(`${error.message}\n`);
    return [{ passed: 0, failed: 1 }];
  } finally {
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    process.stdout.write(`-- ${name}: ${seconds} s\n`);
  }
}

function skipped(why) {
  process.stdout.write(`${why}: ${isStrict ? "FAILED" : "skipped"}\n`);
  return [{ passed: 0, failed: isStrict ? 1 : 0 }];
}

async function unittests(python, file, env = {}) {
  const { code, output } = await start(python, [join("test", "clients", file)], { env });
  const ran = Number(/^Ran (\d+) tests?/m.exec(output)?.[1] ?? 0);
  // A test with several failures, as of subtests, has failed once.
  const told = output.matchAll(/^(?:FAIL|ERROR): (\w+ \([^)]*\))/gm);
  const failed = new Set([...told].map(([, test]) => test)).size;
  // A run that broke before or after its tests is a failure too.
  const isGood = code === 0 && ran > 0;
  return [{ passed: ran - failed, failed: isGood ? 0 : Math.max(failed, 1) }];
}

/** Against a server of its own, which has closed groups of endpoints as Triton does. */
async function unittestsOfRestricted(python, file) {
  const restriction = "inference,statistics,model-repository:triton-access-token=secret";
  const { program, env } = await serve(
    ...[shoalCommand, "serve", "test/clients/models.mjs"],
    ...["--http-restricted-api", restriction, `--grpc-restricted-protocol=${restriction}`],
  );
  try {
    return await unittests(python, file, env);
  } finally {
    await program.stop();
  }
}

/** Against a server of its own, of the example repository, with nothing loaded. */
async function unittestsOfRepository(python, file) {
  const SHOAL_REPOSITORY = join(temporary, "repository");
  writeExampleRepository(SHOAL_REPOSITORY);
  const { program, env } = await serve(
    ...[shoalCommand, "serve", "--model-repository", SHOAL_REPOSITORY],
    "--model-control-mode=explicit",
  );
  try {
    return await unittests(python, file, { ...env, SHOAL_REPOSITORY });
  } finally {
    await program.stop();
  }
}

/** The example of the streaming guide, whose reader is a program in Python. */
async function readsStory(python) {
  const { program, env } = await serve("examples/streaming/server.mjs");
  try {
    const stories = { STORY_HTTP: env.SHOAL_URL, STORY_GRPC: env.SHOAL_GRPC };
    const args = ["examples/streaming/client.py", "an eel"];
    const { code, output } = await start(python, args, { env: stories });
    const count = output.match(/Once there was an eel .* catch them\./g)?.length ?? 0;
    return code === 0 && count === 2 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
  } finally {
    await program.stop();
  }
}

/** Each until it ends by itself, with figures above zero on both sides. */
async function generateLoads(python) {
  const site = readdirSync(join(dirname(python), "..", "lib"))
    .map((version) => join(dirname(python), "..", "lib", version, "site-packages"))
    .find((path) => existsSync(path));
  const binary = join(dirname(python), "perf_analyzer");
  const cuda = join(site, "nvidia", "cuda_runtime", "lib");
  const env = { LD_LIBRARY_PATH: cuda };
  if (!(await canStart(binary, env))) {
    await start("apt-get", ["install", "--yes", "--quiet", "libb64-0d"]).catch(() => {});
    if (!(await canStart(binary, env))) return skipped("perf: its binary does not start here");
  }
  const data = join(temporary, "data.json");
  writeFileSync(data, JSON.stringify({ data: [{ N: [5] }] }));
  const http = ["-i", "http", "-u", process.env["SHOAL_URL"]];
  const grpc = ["-i", "grpc", "-u", process.env["SHOAL_GRPC"]];
  const loads = [
    ["-m", "add_sub", ...http],
    ["-m", "add_sub", ...http, "-b", "8", "--concurrency-range", "4"],
    ["-m", "add_sub", ...grpc],
    ["-m", "add_sub", ...grpc, "--async", "--concurrency-range", "8"],
    ["-m", "add_sub", ...grpc, "--streaming"],
    ["-m", "counts", ...grpc, "--streaming", "--input-data", data],
  ];
  const results = [];
  for (const load of loads) {
    const windows = ["-p", "500", "--stability-percentage", "999", "--max-trials", "10"];
    const { code, output } = await start(binary, [...load, ...windows], { env });
    const throughput = Number(/Throughput: ([\d.]+) infer\/sec/.exec(output)?.[1] ?? 0);
    const compute = Number(/compute infer (\d+) usec/.exec(output)?.[1] ?? 0);
    const isGood = code === 0 && throughput > 0 && compute > 0;
    if (!isGood) process.stdout.write(`perf_analyzer ${load.join(" ")}: FAILED\n`);
    results.push(isGood ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 });
  }
  return results;
}

async function canStart(binary, env) {
  const { output } = await start(binary, ["--version"], { env }).catch(() => ({ output: "" }));
  return /\d/.test(output) && !/error while loading/.test(output);
}

/** A server on free ports in place of those that it names, and its addresses. */
async function serve(...args) {
  const program = new Program(args);
  const [SHOAL_URL, SHOAL_GRPC, SHOAL_METRICS_URL] = await Promise.all(
    [8000, 8001, 8002].map((port) => program.listening(port)),
  );
  return { program, env: { SHOAL_URL, SHOAL_GRPC, SHOAL_METRICS_URL } };
}

function start(command, args, { env = {} } = {}) {
  return startCommand(command, args, { env: { ...process.env, ...env } });
}
