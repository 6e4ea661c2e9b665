/** Security options: what closes what, and one clear complaint, without a token, for a mistake. */
import { strict as check } from "node:assert";
import test from "node:test";
import { resolveServerOptions } from "./resolve-server-options.ts";
import {
  closesNothing,
  planRestrictions,
  type RestrictionOptions,
  type RestrictionPlan,
} from "./security-options.ts";
import type { ServerOptions } from "./server-options.ts";

function planOf(options: Partial<RestrictionOptions>): RestrictionPlan {
  const none = { httpRestrictedApi: [], grpcRestrictedProtocol: [], security: closesNothing };
  return planRestrictions({ ...none, ...options }, "test");
}

test("Triton's form, for one frontend", () => {
  const { http, grpc } = planOf({ httpRestrictedApi: "model-repository,health:Key=a=b:c,d" });
  check.deepEqual(grpc, []);
  check.deepEqual(http, [
    {
      groups: ["model-repository", "health"],
      header: "Key",
      source: "a=b:c,d",
      takesBearer: false,
    },
  ]);
  const both = planOf({ grpcRestrictedProtocol: ["trace:k1=v1", "logging:k2=v2"] });
  check.deepEqual(both.http, []);
  check.deepEqual(
    both.grpc.map(({ groups, header }) => [...groups, header]),
    [
      ["trace", "triton-grpc-protocol-k1"],
      ["logging", "triton-grpc-protocol-k2"],
    ],
  );
});

test("security is for both, and adds to the others", () => {
  const security = { groups: ["trace", "logging"], token: { env: "NAME" } } as const;
  const { http, grpc } = planOf({ security, httpRestrictedApi: "health:k=v" });
  check.deepEqual(
    http.map(({ groups, header, takesBearer }) => [groups.join(), header, takesBearer]),
    [
      ["health", "k", false],
      ["trace,logging", "triton-access-token", true],
    ],
  );
  check.deepEqual(grpc, [
    {
      groups: ["trace", "logging"],
      header: "triton-grpc-protocol-triton-access-token",
      source: { env: "NAME" },
      takesBearer: true,
    },
  ]);
  const named = planOf({ security: { ...security, header: "X-Key" } });
  check.deepEqual(
    [named.http[0]?.header, named.grpc[0]?.header].join(),
    ["X-Key", "triton-grpc-protocol-X-Key"].join(),
  );
});

test("no groups close nothing, and need no token", () => {
  check.deepEqual(planOf({ security: { groups: [], token: "" } }), { http: [], grpc: [] });
});

/** "sesame" stands wherever a token might. */
const faults: readonly (readonly [options: object, complaint: RegExp])[] = [
  [
    { httpRestrictedApi: "model-reposit,health:k1=sesame" },
    /^createServer\(\): unknown restricted api 'model-reposit' \(did you mean 'model-repository'\?\)$/,
  ],
  [
    { grpcRestrictedProtocol: "all:k1=sesame" },
    /: unknown restricted protocol 'all' \(there are health, metadata, inference, shared-memory, /,
  ],
  [
    { httpRestrictedApi: ["health:k1=sesame", "trace,health:k2=sesame"] },
    /: restricted api 'health' can not be specified in multiple config groups$/,
  ],
  [
    { grpcRestrictedProtocol: "health,health:k1=sesame" },
    /: restricted protocol 'health' can not be specified in multiple config groups$/,
  ],
  [
    {
      httpRestrictedApi: "health:k1=sesame",
      security: { groups: ["health"], token: "sesame" },
    },
    /: restricted api 'health' can not be specified in multiple config groups$/,
  ],
  ...[
    "health",
    "health:k1",
    "health:sesame",
    "health:=sesame",
    ":k1=sesame",
    "k1=sesame:health",
    "",
  ]
    .flatMap((text) => [text, [text]])
    .map(
      (httpRestrictedApi) =>
        [
          { httpRestrictedApi },
          /: 'httpRestrictedApi' must be group\[,group\]:header=value$/,
        ] as const,
    ),
  [{ httpRestrictedApi: "health:k1=" }, /must be group\[,group\]:header=value$/],
  [{ httpRestrictedApi: 7 }, /'httpRestrictedApi' must be group\[,group\]:header=value, or a list/],
  [
    { httpRestrictedApi: "health:a b=sesame" },
    /'httpRestrictedApi': 'a b' is no name of a header$/,
  ],
  [{ grpcRestrictedProtocol: "health:k-bin=sesame" }, /'k-bin' is no name of a header$/],
  [{ grpcRestrictedProtocol: "health:k+=sesame" }, /'k\+' is no name of a header$/],
  [{ httpRestrictedApi: "health:k=sesame " }, /: a token must be printable ASCII, without spaces/],
  [{ httpRestrictedApi: "health:k=sesäme" }, /: a token must be printable ASCII/],
  [
    { security: "sesame" },
    /'security' must be an object with groups, header and token; got a string$/,
  ],
  [{ security: { token: "sesame" } }, /'security.groups' must be a list of health, metadata, /],
  [{ security: { groups: "health", token: "sesame" } }, /'security.groups' must be a list of/],
  [{ security: { groups: ["helth"], token: "sesame" } }, /unknown restricted api 'helth' \(did/],
  [{ security: { groups: ["health"] } }, /'security.token' must be a text, \{ env: NAME \} or/],
  [{ security: { groups: ["health"], token: "" } }, /'security.token': the token is empty$/],
  [{ security: { groups: ["health"], token: " sesame" } }, /'security.token': a token must be/],
  [{ security: { groups: ["health"], token: 7 } }, /'security.token' must be a text, \{ env/],
  [{ security: { groups: ["health"], token: { env: "" } } }, /'security.token' must be a text/],
  [{ security: { groups: ["health"], token: { env: "A", file: "b" } } }, /'security.token' must/],
  [{ security: { groups: ["health"], token: { path: "sesame" } } }, /'security.token' must/],
  [
    { security: { groups: ["health"], tokn: "sesame" } },
    /there is no option 'security.tokn'; did you mean 'security.token'\?$/,
  ],
  [
    { security: { groups: ["health"], token: "sesame", header: "a:b" } },
    /'security.header': 'a:b' is no name of a header$/,
  ],
  [{ security: { groups: ["health"], token: "sesame", header: 7 } }, /'security.header' must be a/],
];

for (const [options, complaint] of faults) {
  test(`refused: ${JSON.stringify(options)}`, () => {
    check.throws(
      () => resolveServerOptions(options as ServerOptions),
      (error) => {
        check.ok(error instanceof TypeError);
        check.match(error.message, complaint);
        check.doesNotMatch(`${error.stack}`, /ses.me/);
        return true;
      },
    );
  });
}
