/** Open controls: whoever may be changed by strangers is warned, and nobody else. */
import { strict as check } from "node:assert";
import test from "node:test";
import type { EndpointGroup } from "../frontends/endpoint-groups.ts";
import { Restrictions } from "../frontends/restrictions.ts";
import { isLoopback, openControls } from "./open-controls.ts";

function at(address: string, closed: readonly EndpointGroup[] = []) {
  const restrictions = new Restrictions([
    { groups: closed, header: "h", token: "t", takesBearer: false },
  ]);
  return { place: `${address}:1`, address, restrictions };
}

const all = ["statistics", "model_repository", "system_shared_memory", "trace", "logging"];

test("it names what is open, and where", () => {
  const open = openControls(all, [at("0.0.0.0", ["trace", "logging"]), at("10.0.0.1")]);
  check.equal(
    open,
    "whoever reaches it may change this server: shared-memory, model-repository at 0.0.0.0:1; " +
      "shared-memory, model-repository, trace, logging at 10.0.0.1:1. " +
      "Close it with 'security' (--security-groups), or listen on 127.0.0.1",
  );
});

test("what is closed, what is not there, and who listens to this machine only, is no reason", () => {
  const control = ["shared-memory", "model-repository", "trace", "logging"] as const;
  check.equal(openControls(all, [at("0.0.0.0", control), at("127.0.0.1")]), undefined);
  check.equal(openControls(["statistics"], [at("0.0.0.0")]), undefined);
  check.equal(openControls(all, [{ ...at("0.0.0.0"), place: undefined }]), undefined);
  check.match(openControls(all, [at("0.0.0.0", ["inference"])]) ?? "", /model-repository/);
});

test("addresses of this machine only", () => {
  for (const address of ["127.0.0.1", "127.8.0.9", "::1", "localhost", "::ffff:127.0.0.1"]) {
    check.ok(isLoopback(address), address);
  }
  for (const address of ["0.0.0.0", "::", "10.0.0.1", "host", "1127.0.0.1", "localhost.example"]) {
    check.ok(!isLoopback(address), address);
  }
});
