/** What a model is told about the requests of its batch. */
import { strict as check } from "node:assert";
import test from "node:test";
import { callRequests } from "./call-requests.ts";
import type { RequestMessage } from "./messages.ts";

test("where the rows of each request are, and whether its caller waits", () => {
  const messages: readonly RequestMessage[] = [
    { id: "a", parameters: { k: 1 }, requestedOutputs: [], rows: 2 },
    { id: "b", parameters: {}, requestedOutputs: ["y"], rows: 1 },
    { id: "", parameters: {}, requestedOutputs: [], rows: 3 },
  ];
  const gone = new Set<number>();
  const requests = callRequests(messages, (index) => gone.has(index));
  check.deepEqual(
    requests.map(({ isAborted: _, ...others }) => others),
    [
      { ...messages[0], firstRow: 0 },
      { ...messages[1], firstRow: 2 },
      { ...messages[2], firstRow: 3 },
    ],
  );
  gone.add(1);
  check.deepEqual(
    requests.map((request) => request.isAborted()),
    [false, true, false],
  );
});
