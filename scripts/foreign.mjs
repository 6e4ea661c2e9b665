/**
 * Our client against a server of another maker, and our server beside it: Triton, which comes with
 * its Python backend in PyPI's wheel of PyTriton.
 *
 *   node scripts/foreign.mjs              all of test/foreign/
 *   node scripts/foreign.mjs --python P   the same with an environment that is there already
 *
 * It needs Linux and a Python 3 with venv and libpython; all else is installed and made in a
 * temporary folder. Where that cannot be, it is skipped with a reason, or, with CHECK_STRICT=1, as
 * on a build machine, a failure. The last line is `N passed, N failed`.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
} from "node:fs";
import { createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { pythonEnvironment } from "./python-environment.mjs";
import { start } from "./shown-command.mjs";
import { testCounts } from "./test-counts.mjs";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const built = spawnSync(process.execPath, ["scripts/ready.mjs", "--tests"], { stdio: [0, 2, 2] });
if (built.status !== 0) process.exit(1);
const { createClient } = await import("../dist/client-node.js");
const { createServer } = await import("../dist/index.js");
const { writeExampleRepository } = await import("../dist-test/example-repository.js");
const { writeTritonRepository } = await import("../dist-test/foreign/triton-repository.js");
const temporary = mkdtempSync(join(tmpdir(), "shoal-foreign-"));
const isStrict = process.env["CHECK_STRICT"] === "1";
const modelFolder = join("test", "foreign", "models");
const packages = ["nvidia-pytriton==0.7.0", "numpy<2"];

try {
  const { passed, failed } = await runAll();
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  process.exitCode = failed > 0 ? 1 : 0;
} finally {
  rmSync(temporary, { recursive: true, force: true });
}

async function runAll() {
  if (process.platform !== "linux") return skipped("there is no such wheel but for Linux");
  const example = await exampleRepository();
  const servers = [];
  try {
    try {
      const triton = await installed();
      const loaded = { "model-repository": repository(), "load-model": "*" };
      servers.push(await serve(triton, loaded));
      servers.push(await serve(triton, { "model-repository": example }));
    } catch (error) {
      return skipped(error.message);
    }
    const [server, managed] = servers;
    return await runTests({
      FOREIGN_HTTP: server.http,
      FOREIGN_GRPC: server.grpc,
      FOREIGN_MANAGED_HTTP: managed.http,
      FOREIGN_MANAGED_GRPC: managed.grpc,
    });
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

/** Throws where it cannot be. */
async function installed() {
  const [flag, given] = process.argv.slice(2);
  const folder = join(temporary, "python");
  const python = flag === "--python" ? given : await pythonEnvironment(folder, packages);
  if (python === undefined) throw new Error("there is no Python 3 with venv");
  const paths = pathsOf(python);
  if (paths.library === undefined) {
    throw new Error(`there is no ${paths.file}, which Triton's Python backend needs`);
  }
  return { python, ...paths, backends: backendsOf(paths) };
}

function skipped(why) {
  process.stdout.write(`foreign: ${why}: ${isStrict ? "FAILED" : "skipped"}\n`);
  return { passed: 0, failed: isStrict ? 1 : 0 };
}

/** Of the wheel, and of libpython, which is no matter of the environment. */
function pathsOf(python) {
  const script = `import json, sysconfig as s
v = s.get_config_var
print(json.dumps({"version": v("py_version_short"), "site": s.get_path("platlib"),
                  "base": v("LIBDIR"), "machine": v("MULTIARCH") or ""}))`;
  const { stdout } = spawnSync(python, ["-c", script], { encoding: "utf8" });
  const { version, site, base, machine } = JSON.parse(stdout);
  const file = `libpython${version}.so.1.0`;
  const library = [base, join(base, machine)].find((path) => existsSync(join(path, file)));
  const wheel = join(site, "pytriton", "tritonserver");
  return { version, wheel, ownLibraries: join(site, "nvidia_pytriton.libs"), library, file };
}

/** With the part that is of this version of Python. */
function backendsOf({ version, wheel }) {
  const backends = join(temporary, "backends");
  cpSync(join(wheel, "backends"), backends, { recursive: true });
  const stub = "triton_python_backend_stub";
  const ownStub = join(wheel, "python_backend_stubs", version, stub);
  if (!existsSync(ownStub)) throw new Error(`the wheel knows no Python ${version}`);
  copyFileSync(ownStub, join(backends, "python", stub));
  return backends;
}

/** On free ports of this machine, in control mode explicit, with further options. */
async function serve({ python, wheel, ownLibraries, library, backends }, own) {
  const [http, grpc] = await freePorts(2);
  const options = {
    "backend-directory": backends,
    "model-control-mode": "explicit",
    ...own,
    "http-address": "127.0.0.1",
    "http-port": http,
    "grpc-address": "127.0.0.1",
    "grpc-port": grpc,
    "allow-metrics": false,
    "exit-timeout-secs": 5,
  };
  const args = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  const child = spawn(join(wheel, "bin", "tritonserver"), args, {
    env: {
      ...process.env,
      PATH: `${dirname(python)}:${process.env["PATH"]}`,
      LD_LIBRARY_PATH: [library, ownLibraries, process.env["LD_LIBRARY_PATH"] ?? ""].join(":"),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      log = (log + text).slice(-20_000);
    });
  }
  const ended = once(child, "close");
  const stop = async () => {
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), 15_000);
    await ended;
    clearTimeout(late);
  };
  const client = createClient(`http://127.0.0.1:${http}`);
  const isUp = await Promise.race([
    client.waitReady({ totalTimeoutMs: 60_000 }).then(
      () => true,
      () => false,
    ),
    ended.then(() => false),
  ]);
  client.close();
  if (!isUp) {
    await stop();
    throw new Error(`Triton does not start:\n${log}`);
  }
  return { http: `http://127.0.0.1:${http}`, grpc: `grpc://127.0.0.1:${grpc}`, stop };
}

/** `x.py` and `x.pbtxt` are version 1 and the configuration of model `x`. */
function repository() {
  const folder = join(temporary, "models");
  for (const file of readdirSync(modelFolder).filter((name) => name.endsWith(".py"))) {
    const name = file.slice(0, -3);
    mkdirSync(join(folder, name, "1"), { recursive: true });
    copyFileSync(join(modelFolder, file), join(folder, name, "1", "model.py"));
    copyFileSync(join(modelFolder, `${name}.pbtxt`), join(folder, name, "config.pbtxt"));
  }
  return folder;
}

/** The example repository as Triton can have it, with the help of a server of ours. */
async function exampleRepository() {
  const [own, folder] = [join(temporary, "example"), join(temporary, "example-of-triton")];
  writeExampleRepository(own);
  const server = createServer([], {
    modelRepository: own,
    httpAddress: "127.0.0.1",
    httpPort: 0,
    allowGrpc: false,
    allowMetrics: false,
    logInfo: false,
    logWarning: false,
  });
  await server.listen();
  const client = createClient(server.urls.http);
  try {
    await server.ready;
    await writeTritonRepository(folder, client);
  } finally {
    client.close();
    await server.close();
  }
  return folder;
}

async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createTcpServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}

/** They are no part of `npm test`: their names do not end as those of tests do. */
async function runTests(env) {
  const folder = join("dist-test", "foreign");
  const files = readdirSync(folder).filter((name) => name.endsWith("-checks.js"));
  const args = ["--test", "--test-reporter=spec", "--test-timeout=120000", "--test-concurrency=1"];
  const paths = files.map((name) => join(folder, name));
  const options = { env: { ...process.env, ...env } };
  return testCounts(await start(process.execPath, [...args, ...paths], options));
}
