/** What a model is told about the requests of its batch. */
import { strict as check } from "node:assert";
import test from "node:test";
import { callRequests } from "./call-requests.ts";

test("rows follow one another, and each request knows whether its caller has gone", () => {
  const gone = new Set([1]);
  const messages = [1, 4, 2].map((rows, index) => ({
    id: `r${index}`,
    parameters: { rows },
    ...(index === 2 && { headers: { "x-a": "1" }, deadlineMs: 7 }),
    requestedOutputs: index === 0 ? [] : ["y"],
    rows,
  }));
  const requests = callRequests(messages, (index) => gone.has(index));
  check.deepEqual(
    requests.map(({ isAborted, ...others }) => ({ ...others, isAborted: isAborted() })),
    [
      {
        id: "r0",
        parameters: { rows: 1 },
        headers: {},
        deadlineMs: undefined,
        requestedOutputs: [],
        firstRow: 0,
        rows: 1,
        isAborted: false,
      },
      {
        id: "r1",
        parameters: { rows: 4 },
        headers: {},
        deadlineMs: undefined,
        requestedOutputs: ["y"],
        firstRow: 1,
        rows: 4,
        isAborted: true,
      },
      {
        id: "r2",
        parameters: { rows: 2 },
        headers: { "x-a": "1" },
        deadlineMs: 7,
        requestedOutputs: ["y"],
        firstRow: 5,
        rows: 2,
        isAborted: false,
      },
    ],
  );
  gone.add(2);
  check.equal(requests[2]?.isAborted(), true, "by now");
});
