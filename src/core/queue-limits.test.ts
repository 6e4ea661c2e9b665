/** A queue that is full says so to the operator: at most once a second, with how many it refused. */
import { strict as check } from "node:assert";
import test from "node:test";
import { inferRequest, modelConfig } from "../testing/core-fixture.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { ByteBudget } from "./byte-budget.ts";
import type { Log } from "./log.ts";
import { QueueLimits } from "./queue-limits.ts";
import { RequestQueue } from "./request-queue.ts";

function limitsWith(maxWaitingRequests: number, warnings: string[]) {
  const log: Log = {
    verbose: () => check.fail(),
    info: () => check.fail(),
    warning: (message) => warnings.push(message),
    error: () => check.fail(),
  };
  const clock = new VirtualClock();
  const config = modelConfig({ options: { limits: { maxWaitingRequests } } });
  const queue = new RequestQueue(config.dynamicBatching);
  const waitingBytes = new ByteBudget(10);
  return { clock, limits: new QueueLimits({ config, clock, log, queue, waitingBytes }) };
}

test("refusals are logged at most once a second, with their number", () => {
  const warnings: string[] = [];
  const { clock, limits } = limitsWith(1, warnings);
  check.equal(limits.refusal(inferRequest(), 0, 4), undefined);
  const tooLarge = limits.refusal(inferRequest({ id: "7" }), 0, 7);
  const why = "Exceeds maximum queue size: 4 of 10 bytes for waiting inputs are in use";
  check.equal(tooLarge?.message, `[request id: 7] ${why}`);
  const line = (count: number, id: string): string =>
    `model 'm' refused ${count} of its requests, the last one with: [request id: ${id}] ${why}`;
  check.deepEqual(warnings, [line(1, "7")]);
  for (let count = 0; count < 5; count += 1) limits.refusal(inferRequest(), 0, 7);
  clock.advance(999);
  limits.refusal(inferRequest(), 0, 7);
  check.equal(warnings.length, 1);
  clock.advance(1);
  limits.refusal(inferRequest(), 0, 7);
  check.deepEqual(warnings.slice(1), [line(7, "<id_unknown>")]);
});
