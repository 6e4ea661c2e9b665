/**
 * Invariants of the statistics: what must hold among the counters of one model version at every
 * moment, whatever happened (observability.md section 2). Needs no oracle.
 */
import type { CountAndNs, StatisticsFacts } from "./statistics-facts.ts";

/** What is broken, in words; nothing: all is well. */
export function brokenInvariants(facts: StatisticsFacts, enteredCount: number): readonly string[] {
  const { success, fail, queue, computeInput, computeInfer, computeOutput, cacheHit } = facts;
  const { executionCount, inferenceCount, pendingCount, executingCount, batches } = facts;
  const computed = success.count - cacheHit.count - facts.shared.count;
  const executions = sum(batches.map(({ computeInput: { count } }) => count));
  const rows = sum(batches.map(({ batchSize, computeInput: { count } }) => batchSize * count));
  const partsNs = sum([queue, computeInput, computeInfer, computeOutput].map(({ ns }) => ns));
  const failures = sum(Object.values(facts.failures));
  const hasEnded = executionCount === sum(Object.values(facts.batchesClosed));
  const rules: readonly (readonly [string, boolean])[] = [
    ["queue count = successes", queue.count === success.count],
    [
      "compute counts = successes but shared ones",
      allCount(computed, computeInput, computeInfer, computeOutput),
    ],
    ["inferences = rows of batches", !hasEnded || fail.count > 0 || inferenceCount === rows],
    ["executions = sum over batches", executionCount === executions],
    ["executions <= successes + failures", executionCount <= computed + fail.count],
    [
      "entered = success + fail + pending + executing + following",
      enteredCount ===
        success.count + fail.count + pendingCount + executingCount + facts.followingCount,
    ],
    // While a server drains, calls of its models are not looked up.
    ["misses <= computed", !facts.isCached || facts.cacheMiss.count <= computed],
    ["request ns >= its parts", success.ns >= partsNs],
    ["failures have one reason each", failures === fail.count],
    ["each batch has its three counts", batches.every(countsAreEqual)],
    ["each response has its two counts", facts.responses.every(responseAddsUp)],
    ["histograms count successes", histogramsAgree(facts)],
    [
      "nothing is negative",
      facts.followingCount >= 0 && pendingCount >= 0 && executingCount >= 0 && fail.ns >= 0,
    ],
  ];
  return rules.filter(([, holds]) => !holds).map(([rule]) => rule);
}

function countsAreEqual(batch: StatisticsFacts["batches"][number]): boolean {
  return allCount(batch.computeInput.count, batch.computeInfer, batch.computeOutput);
}

/** The time of a response is that of its two parts, and no part is negative. */
function responseAddsUp(response: StatisticsFacts["responses"][number]): boolean {
  const { success, emptyResponse, computeInfer, computeOutput } = response;
  const givenNs = success.ns + emptyResponse.ns;
  return (
    allCount(success.count + emptyResponse.count, computeInfer, computeOutput) &&
    givenNs === computeInfer.ns + computeOutput.ns &&
    Object.values(response).every(({ ns }) => ns >= 0)
  );
}

function histogramsAgree(facts: StatisticsFacts): boolean {
  const { success, computeInfer, batchRows } = facts;
  const { requestDuration, queueDuration, computeDuration } = facts;
  const closed = sum(Object.values(facts.batchesClosed));
  return (
    requestDuration.count === success.count &&
    queueDuration.count === success.count &&
    computeDuration.count === computeInfer.count &&
    batchRows.count === closed
  );
}

function allCount(count: number, ...counters: readonly CountAndNs[]): boolean {
  return counters.every((counter) => counter.count === count);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
