/**
 * Restricted protocols over gRPC: each group, behind its metadata, before anything of a call is
 * read, unary or streamed; the services beside inference as well.
 */
import { strict as check } from "node:assert";
import { once } from "node:events";
import { test } from "node:test";
import { Metadata, status } from "@grpc/grpc-js";
import { fp32, model, type ServerOptions } from "shoal";
import { endpointGroups, groupNames, servicePath } from "../../dist/frontends/endpoint-groups.js";
import { fp32 as bytesOf, GrpcClient, grpc, readFp32 } from "./grpc-client.ts";
import { framed, openCall, openSession, statusOf } from "./raw-grpc.ts";
import { startServer } from "./server.ts";

const echo = model("echo", {
  inputs: { X: fp32(1) },
  outputs: { X: fp32(1) },
  infer: ({ X }) => ({ X }),
});

const request = {
  modelName: "echo",
  inputs: [{ name: "X", datatype: "FP32", shape: [1, 1] }],
  rawInputContents: [bytesOf(5)],
};

const header = "triton-grpc-protocol-key";
const refusal = [
  status.UNAVAILABLE,
  `This protocol is restricted, expecting header '${header}'`,
] as const;

async function start(options: ServerOptions) {
  const started = await startServer(echo, { allowGrpc: true, ...options });
  const port = Number(started.server.urls.grpc?.split(":")[1]);
  const session = openSession({ port });
  return {
    session,
    host: started.server.urls.grpc ?? "",
    http: started,
    [Symbol.asyncDispose]: async () => {
      session.destroy();
      await started[Symbol.asyncDispose]();
    },
  };
}

function pathOf(call: string): string {
  return call.startsWith("/") ? call : servicePath + call;
}

for (const closed of groupNames) {
  test(`${closed}: no call without the metadata, and all others as ever`, async () => {
    await using started = await start({ grpcRestrictedProtocol: `${closed}:key=sesame` });
    for (const group of groupNames) {
      for (const call of endpointGroups[group].calls) {
        const answered = async (headers: Record<string, string>) => {
          const stream = openCall(started.session, pathOf(call), headers);
          stream.end(framed(new Uint8Array()));
          if (!call.endsWith("Watch")) return await statusOf(stream);
          // It says something, and does not end.
          const [head] = await once(stream, "response");
          stream.destroy();
          return [Number(head["grpc-status"] ?? 0), decodeURI(String(head["grpc-message"] ?? ""))];
        };
        if (group === closed) {
          check.deepEqual(await answered({}), refusal, call);
          check.deepEqual(await answered({ key: "sesame", [header]: "simsim" }), refusal, call);
        }
        const [, text] = await answered(group === closed ? { [header]: "sesame" } : {});
        check.doesNotMatch(String(text), /restricted/, call);
      }
    }
  });
}

test("before anything is read: no message, a broken one, a large one, none to come", async () => {
  await using started = await start({ grpcRestrictedProtocol: "inference,metadata:key=sesame" });
  for (const method of ["ModelInfer", "ModelStreamInfer", "ModelMetadata"]) {
    const silent = openCall(started.session, method);
    check.deepEqual(await statusOf(silent), refusal, method);
    for (const bytes of [
      framed(Uint8Array.of(255, 255)),
      framed(new Uint8Array(1_000_000)),
      framed(Uint8Array.of(1), { flag: 7 }),
    ]) {
      const call = openCall(started.session, method);
      call.write(bytes);
      check.deepEqual(await statusOf(call), refusal, method);
      call.destroy();
    }
  }
  const unknown = openCall(started.session, "ModelInfers");
  unknown.end();
  check.deepEqual(await statusOf(unknown), [status.UNIMPLEMENTED, ""]);
});

test("with the metadata calls and streams run", async () => {
  await using started = await start({ grpcRestrictedProtocol: "inference:key=sesame" });
  using client = new GrpcClient(started.host);
  const metadata = new Metadata();
  metadata.set(header, "sesame");
  const { rawOutputContents } = await client.infer(request, { metadata });
  check.deepEqual(readFp32(rawOutputContents[0]), [5]);
  const stream = client.stream(metadata);
  stream.send(request);
  check.equal((await stream.next())?.inferResponse?.modelName, "echo");
  check.equal((await stream.end()).code, status.OK);
  const refused = client.stream();
  const { code, details } = await refused.status;
  check.deepEqual([code, details], refusal);
  metadata.add(header, "sesame");
  check.deepEqual((await client.stream(metadata).status).code, status.UNAVAILABLE, "twice");
});

test("security closes both frontends, with one token, also as a bearer's", async () => {
  const security = { groups: ["health", "inference"], token: "sesame" } as const;
  await using started = await start({ security, grpcRestrictedProtocol: "trace:key=other" });
  using client = new GrpcClient(started.host);
  const details =
    "This protocol is restricted, expecting header 'triton-grpc-protocol-triton-access-token'";
  for (const [name, value] of [
    ["triton-grpc-protocol-triton-access-token", "sesame"],
    ["authorization", "Bearer sesame"],
  ] as const) {
    const metadata = new Metadata();
    metadata.set(name, value);
    check.equal((await client.call("ServerLive", {}, { metadata })).live, true);
    check.equal((await client.infer(request, { metadata })).modelName, "echo");
  }
  const types = {
    request: grpc.health.v1.HealthCheckRequest,
    response: grpc.health.v1.HealthCheckResponse,
  };
  for (const call of [
    client.call("ServerLive", {}),
    client.infer(request),
    client.unary("/grpc.health.v1.Health/Check", types, {}),
  ]) {
    await check.rejects(call, { code: status.UNAVAILABLE, details });
  }
  await check.rejects(client.call("TraceSetting", {}), { details: refusal[1] });
  const live = await fetch(`${started.http.url}/v2/health/live`);
  check.equal(live.status, 403);
});

test("a token is no parameter, whatever is forwarded", async () => {
  const seen: unknown[] = [];
  const tells = model("echo", {
    inputs: { X: fp32(1) },
    outputs: { X: fp32(1) },
    infer: ({ X }, { requests }) => {
      seen.push(requests[0]?.parameters, requests[0]?.headers);
      return { X };
    },
  });
  await using started = await startServer(tells, {
    allowGrpc: true,
    grpcHeaderForwardPattern: "k|^triton",
    grpcRestrictedProtocol: "inference:key=sesame",
  });
  using client = new GrpcClient(started.server.urls.grpc ?? "");
  const metadata = new Metadata();
  metadata.set(header, "sesame");
  metadata.set("kind", "2");
  await client.infer(request, { metadata });
  check.deepEqual(JSON.parse(JSON.stringify(seen[1])), { kind: "2" });
  check.doesNotMatch(JSON.stringify(seen), /sesame/);
});
