/**
 * The table of groups has every endpoint that there is, once, and none that there is not: what is
 * in no group, nobody could close.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import {
  endpointGroups,
  groupNames,
  groupOfCall,
  groupOfRoute,
  servicePath,
} from "../../dist/frontends/endpoint-groups.js";
import { filesUnder, readText } from "../repository.ts";

test("every route over HTTP", () => {
  const union =
    /type RouteName =([^;]*);/.exec(readText("src/frontends/http/routes.ts"))?.[1] ?? "";
  const routes = Array.from(union.matchAll(/"([^"]+)"/g), ([, name = ""]) => name);
  const grouped = groupNames.flatMap((group) => endpointGroups[group].routes);
  check.ok(routes.length > 10, "the list of routes has moved");
  check.deepEqual([...grouped].sort(), routes.sort());
  check.equal(groupOfRoute("model load"), "model-repository");
});

test("every call over gRPC", () => {
  const calls = filesUnder("proto").flatMap((path) => {
    const text = readText(`proto/${path}`);
    const [, pack] = /^package ([\w.]+);/m.exec(text) ?? [];
    return Array.from(text.matchAll(/^service (\w+)\s*{([\s\S]*?)^}/gm), ([, service, body = ""]) =>
      Array.from(body.matchAll(/\brpc (\w+)/g), ([, call]) => `/${pack}.${service}/${call}`),
    ).flat();
  });
  const grouped = groupNames.flatMap((group) =>
    endpointGroups[group].calls.map((call) => (call.startsWith("/") ? call : servicePath + call)),
  );
  check.ok(calls.length > 20, "the messages have moved");
  check.deepEqual(grouped.sort(), calls.sort());
  check.equal(groupOfCall(`${servicePath}ModelInfer`), "inference");
  check.equal(groupOfCall("/unknown"), undefined);
});
