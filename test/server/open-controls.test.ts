/**
 * The warning of a server that strangers may change: when it listens, if its models can be loaded
 * and unloaded over the network, and nothing keeps anybody from it.
 */
import { strict as check } from "node:assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { ServerOptions } from "shoal";
import { LoggedServer } from "../instances/logged-server.ts";
import { times } from "../pytriton/guide-fixture.ts";

const security = { groups: ["model-repository"], token: "sesame" } as const;

for (const [what, options, isOpen] of [
  ["this machine only", { httpAddress: "127.0.0.1" }, false],
  ["all addresses", { httpAddress: "0.0.0.0" }, true],
  ["all addresses, closed", { httpAddress: "0.0.0.0", security }, false],
  ["gRPC at all addresses", { allowGrpc: true, grpcAddress: "0.0.0.0" }, true],
  [
    "gRPC at all addresses, only HTTP closed",
    { allowGrpc: true, grpcAddress: "0.0.0.0", httpRestrictedApi: "model-repository:k=sesame" },
    true,
  ],
] as const satisfies readonly (readonly [string, ServerOptions, boolean])[]) {
  for (const control of ["none", "explicit"] as const) {
    const isTold = isOpen && control === "explicit";
    test(`${what}, control ${control}: ${isTold ? "a warning" : "no warning"}`, async (t) => {
      const folder = mkdtempSync(join(tmpdir(), "shoal-open-"));
      t.after(() => rmSync(folder, { recursive: true }));
      const repository = { modelRepository: folder, modelControlMode: control };
      const started = await LoggedServer.start(t, times(2), { ...options, ...repository });
      const warnings = started
        .messages("W")
        .filter((line) => line.includes("may change this server"));
      check.equal(warnings.length, isTold ? 1 : 0);
      check.doesNotMatch(started.log, /sesame/);
    });
  }
}
