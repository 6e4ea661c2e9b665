/** Options: defaults, and one clear complaint for whatever is wrong. */
import { strict as check } from "node:assert";
import test from "node:test";
import { sharesPorts } from "./listener.ts";
import { resolveServerOptions } from "./resolve-server-options.ts";
import { type ServerOptions, serverOptionSpecs } from "./server-options.ts";

test("without options, the defaults hold", () => {
  const options = resolveServerOptions({});
  check.equal(options.httpPort, 8000);
  check.equal(options.httpAddress, "0.0.0.0");
  check.equal(options.metricsPort, 8002);
  check.equal(options.metricsAddress, "0.0.0.0");
  check.equal(options.exitTimeoutSecs, 30);
  check.ok(options.maxWaitingBytes > 2 ** 20 && options.maxWaitingBytes <= 2 ** 30);
});

test("the metrics listen where HTTP does, unless told otherwise", () => {
  check.equal(resolveServerOptions({ httpAddress: "127.0.0.1" }).metricsAddress, "127.0.0.1");
  const both = { httpAddress: "127.0.0.1", metricsAddress: "::1" };
  check.equal(resolveServerOptions(both).metricsAddress, "::1");
});

test("a body may be at least as large as what is in it", () => {
  const mib = 2 ** 20;
  check.equal(resolveServerOptions({ maxInputBytes: 128 * mib }).maxBodyBytes, 128 * mib);
  check.equal(resolveServerOptions({ maxInputBytes: 1000 }).maxBodyBytes, 64 * mib);
  const both = { maxInputBytes: 128 * mib, maxBodyBytes: mib };
  check.equal(resolveServerOptions(both).maxBodyBytes, mib);
});

const faults: readonly [name: string, value: unknown, complaint: RegExp][] = [
  ["httpPort", 65_536, /'httpPort' must be a port, 0 to 65535; got 65536$/],
  ["httpPort", "8000", /'httpPort' must be a port, 0 to 65535; got '8000'$/],
  ["metricsPort", 1.5, /'metricsPort' must be a port/],
  ["allowHttp", "yes", /'allowHttp' must be true or false; got 'yes'$/],
  ["exitTimeoutSecs", -1, /'exitTimeoutSecs' must be a number, 0 or more; got -1$/],
  ["exitTimeoutSecs", Number.NaN, /got NaN$/],
  ["maxBodyBytes", 1.5, /'maxBodyBytes' must be a whole number of bytes above 0; got 1.5$/],
  ["id", 7, /'id' must be a text; got 7$/],
  ["cors", ["*"], /'cors' must be a text; got a list$/],
  ["logFormat", "xml", /'logFormat' must be "default" or "ISO8601"; got 'xml'$/],
  ["onUnrecoverable", "exit", /'onUnrecoverable' must be "model" or "server"; got 'exit'$/],
  ["backendConfig", "onnxruntime", /'backendConfig' must be \[BACKEND,\]SETTING=VALUE/],
  ["modelLoadThreadCount", 0, /'modelLoadThreadCount' must be a whole number above 0; got 0$/],
  ["httpPrt", 1, /there is no option 'httpPrt'; did you mean 'httpPort'\?$/],
  ["HTTPPORT", 1, /did you mean 'httpPort'\?$/],
  ["colour", 1, /there is no option 'colour'$/],
];

for (const [name, value, complaint] of faults) {
  test(`refused: ${name} = ${String(value)}`, () => {
    const options = { [name]: value } as ServerOptions;
    check.throws(() => resolveServerOptions(options), { name: "TypeError", message: complaint });
  });
}

test("a server that watches folders is not told by clients what to load", () => {
  const options = { watch: true, modelControlMode: "explicit" } as const;
  check.throws(
    () => resolveServerOptions(options),
    /'watch' is not for modelControlMode "explicit"/,
  );
  check.throws(() => resolveServerOptions({ watch: true }), /'modelRepository': name one$/);
  check.equal(resolveServerOptions({ watch: true, modelRepository: "models" }).watch, true);
});

test("a port is shared where Node.js can", () => {
  for (const name of ["reuseHttpPort", "reuseGrpcPort"] as const) {
    const resolve = (): unknown => resolveServerOptions({ [name]: true })[name];
    if (sharesPorts(process.versions.node)) check.equal(resolve(), true);
    else check.throws(resolve, new RegExp(`'${name}' takes Node.js 22.12 or later; this is `));
  }
});

test("every default is valid, and undefined is the default", () => {
  const names = Object.keys(serverOptionSpecs);
  const unset = Object.fromEntries(names.map((name) => [name, undefined])) as ServerOptions;
  check.deepEqual(resolveServerOptions(unset), resolveServerOptions({}));
});
