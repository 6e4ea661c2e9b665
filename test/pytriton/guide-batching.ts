/** Rows of the guide: how requests wait, and share a batch. On a clock that the tests own. */
import { strict as check } from "node:assert";
import { type TestServer, testServer } from "shoal/testing";
import { HeldCalls, heldModel } from "../held-model.ts";
import { type Rows, rowsOf, times, yOf } from "./guide-fixture.ts";

const one = { model: "times", inputs: { x: [[5]] } };

/** A request of the held model; resolves to its id, or to the code it was refused with. */
async function outcomeOf(server: TestServer, id: string, more: object = {}): Promise<string> {
  const request = { model: "held", inputs: { X: [[1]] }, id, ...more };
  return await server.infer(request).then(
    (response) => response.id,
    ({ code, message }) => `${code} ${message}`,
  );
}

/** Ids in the order in which the model, one request at a time, was given them. */
async function orderOf(calls: HeldCalls, count: number): Promise<readonly string[]> {
  const order: string[] = [];
  for (let taken = 0; taken < count; taken += 1) {
    const call = await calls.next();
    order.push(...call.ids);
    call.release();
  }
  return order;
}

const full = "UNAVAILABLE [request id: third] Exceeds maximum queue size";
const expired = "UNAVAILABLE Request timeout expired";

export const batchingRows: Rows = {
  "`DynamicBatcher(max_queue_delay_microseconds=5000)`": async () => {
    await using server = await testServer(times(2, { batching: { maxQueueDelayMs: 5 } }));
    const calls = [yOf(server, one), yOf(server, one)];
    await server.advance(4);
    check.deepEqual(server.batches, []);
    await server.advance(1);
    check.deepEqual(
      server.batches.map(({ rows, atMs }) => [rows, atMs]),
      [[2, 5]],
    );
    check.deepEqual(await Promise.all(calls), [[[10]], [[10]]]);
  },

  "`preferred_batch_size=[2, 4]`": async () => {
    const batching = { preferredBatchSizes: [2, 4], maxQueueDelayMs: 1000 };
    await using server = await testServer(times(2, { batching }));
    const calls = [1, 2].map(() => yOf(server, one));
    await server.advance(0);
    calls.push(...[1, 2, 3, 4, 5].map(() => yOf(server, one)));
    await server.advance(999);
    check.deepEqual(rowsOf(server), [2, 4]);
    await server.advance(1);
    check.deepEqual(rowsOf(server), [2, 4, 1]);
    await Promise.all(calls);
  },

  "`preserve_ordering=True`": async () => {
    const answeredIn = async (batching: { readonly preserveOrdering: boolean }) => {
      const calls = new HeldCalls();
      const held = heldModel("held", calls, { batching, instances: 2, maxBatchSize: 1 });
      await using server = await testServer(held);
      const order: string[] = [];
      const asked = ["first", "second"].map(async (id) => {
        order.push(await outcomeOf(server, id));
      });
      const [first, second] = [await calls.next(), await calls.next()];
      second.release();
      await server.advance(0);
      first.release();
      await Promise.all(asked);
      return order;
    };
    check.deepEqual(await answeredIn({ preserveOrdering: true }), ["first", "second"]);
    check.deepEqual(await answeredIn({ preserveOrdering: false }), ["second", "first"]);
  },

  "`priority_levels=2`, `default_priority_level=2`": async () => {
    const calls = new HeldCalls();
    const batching = { priorities: { levels: 2, default: 2 } };
    await using server = await testServer(heldModel("held", calls, { batching, maxBatchSize: 1 }));
    const asked = [
      outcomeOf(server, "default"),
      outcomeOf(server, "second", { priority: 2 }),
      outcomeOf(server, "urgent", { priority: 1 }),
    ];
    check.deepEqual(await orderOf(calls, 3), ["urgent", "default", "second"]);
    await Promise.all(asked);
  },

  "`default_queue_policy=QueuePolicy(max_queue_size=1)`": async () => {
    const calls = new HeldCalls();
    const batching = { queue: { maxSize: 1 } };
    await using server = await testServer(heldModel("held", calls, { batching, maxBatchSize: 1 }));
    const running = outcomeOf(server, "first");
    await server.advance(0);
    const asked = [running, outcomeOf(server, "second"), outcomeOf(server, "third")];
    check.deepEqual(await orderOf(calls, 2), ["first", "second"]);
    const [, , third = ""] = await Promise.all(asked);
    check.ok(third.startsWith(full), third);
  },

  "`priority_queue_policy={2: QueuePolicy(max_queue_size=1)}`": async () => {
    const calls = new HeldCalls();
    const batching = { priorities: { levels: 2, default: 2, queues: { 2: { maxSize: 1 } } } };
    await using server = await testServer(heldModel("held", calls, { batching, maxBatchSize: 1 }));
    const running = outcomeOf(server, "first");
    await server.advance(0);
    const asked = [running, outcomeOf(server, "second"), outcomeOf(server, "third")];
    // The other level has no limit of its own.
    asked.push(...["a", "b", "c"].map((id) => outcomeOf(server, id, { priority: 1 })));
    check.deepEqual(await orderOf(calls, 5), ["first", "a", "b", "c", "second"]);
    const [, , third = ""] = await Promise.all(asked);
    check.ok(third.startsWith(full), third);
  },

  "`default_timeout_microseconds=9000`, `timeout_action`": async () => {
    const after10Ms = async (onTimeout: "reject" | "delay") => {
      const calls = new HeldCalls();
      const batching = { queue: { timeoutMs: 9, onTimeout } };
      const held = heldModel("held", calls, { batching, maxBatchSize: 1 });
      await using server = await testServer(held);
      const asked = [outcomeOf(server, "first")];
      await server.advance(0);
      asked.push(outcomeOf(server, "second"));
      await server.advance(8);
      asked.push(outcomeOf(server, "third"));
      await server.advance(2);
      const order = await orderOf(calls, onTimeout === "reject" ? 2 : 3);
      return [order, (await Promise.all(asked))[1]];
    };
    check.deepEqual(await after10Ms("reject"), [["first", "third"], expired]);
    check.deepEqual(await after10Ms("delay"), [["first", "third", "second"], "second"]);
  },

  "`allow_timeout_override=True`": async () => {
    const after6Ms = async (allowTimeoutOverride: boolean) => {
      const calls = new HeldCalls();
      const batching = { queue: { allowTimeoutOverride } };
      const held = heldModel("held", calls, { batching, maxBatchSize: 1 });
      await using server = await testServer(held);
      const running = outcomeOf(server, "first");
      await server.advance(0);
      const second = outcomeOf(server, "second", { timeoutMs: 5 });
      await server.advance(6);
      await orderOf(calls, allowTimeoutOverride ? 1 : 2);
      await running;
      return await second;
    };
    check.equal(await after6Ms(true), expired);
    check.equal(await after6Ms(false), "second");
  },
};
