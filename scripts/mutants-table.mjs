/**
 * Table of mutants: small faults, each of which the simulation of the core must find.
 *
 *   file of src/core: [text, what it is replaced by, why nobody can notice]
 *
 * A text stands exactly once in its file, or mutants.mjs fails: so the table cannot lag behind the
 * code unnoticed. The third entry is only for replacements that change nothing that can be seen.
 *
 * `plantedAgain` holds the faults that the core really had, as small as they were.
 */
export const mutants = {
  "dynamic-batcher.ts": [
    ["nowMs >= overdueMs", "nowMs > overdueMs"],
    ["oldestMs + this.#maxQueueDelayMs", "oldestMs - this.#maxQueueDelayMs"],
    ["if (bestLength > 0 && !isOverdue)", "if (bestLength > 0)"],
    ["if (bestLength > 0 && !isOverdue)", "if (bestLength > 1 && !isOverdue)"],
    ["requests.length = bestLength;", "requests.length = 1;"],
    ["rows: bestRows, closeReason", "rows, closeReason"],
    ["this.wakeMs = overdueMs;", "this.wakeMs = overdueMs + 1;"],
    ["this.wakeMs = overdueMs;", "this.wakeMs = overdueMs - 0.5;"],
    ["grownRows > this.#largestPreferred &&", "grownRows >= this.#largestPreferred &&"],
    ["this.#largestPreferred && collected.bestLength === 0", "this.#largestPreferred"],
    ["if (requests.length > 0) {", "if (requests.length > 1) {"],
    ["if (this.#preferred.has(grownRows))", "if (this.#preferred.has(next.rows))"],
    ["if (grownRows > this.#maxBatchSize)", "if (grownRows >= this.#maxBatchSize)"],
    ["if (grownRows > this.#maxBatchSize)", "if (grownRows > this.#maxBatchSize + 1)"],
    ['next.key === first.key ? undefined : "shape"', "undefined"],
    ['next.key === first.key ? undefined : "shape"', 'next.key === first.key ? undefined : "full"'],
    ['if (rows >= this.#maxBatchSize) return "full";\n    return this', "return this"],
    ['if (rows >= this.#largestPreferred) return "preferred";', ""],
    ["if (obstacle !== undefined) return obstacle;", ""],
    ['if (isOverdue) return "delay";', ""],
    [
      "rows >= this.#largestPreferred) return",
      "rows > this.#largestPreferred) return",
      "a batch of just that size has left before, as the best one",
    ],
    ["request.arrivedAtMs < this.oldestMs", "request.arrivedAtMs > this.oldestMs"],
    ["batching !== undefined && config.maxBatchSize > 0", "config.maxBatchSize > 0"],
    ["preferredBatchSizes.at(-1)", "preferredBatchSizes.at(0)"],
  ],
  "request-queue.ts": [
    [
      "priority > 0 && priority < this.#policies.length",
      "priority > 0 && priority + 1 < this.#policies.length",
    ],
    [
      "priority > 0 && priority < this.#policies.length",
      "priority >= 0 && priority < this.#policies.length",
    ],
    [
      "priorityQueuePolicies.get(level) ?? defaultPolicy",
      "priorityQueuePolicies.get(level + 1) ?? defaultPolicy",
    ],
    ["return waiting >= maxQueueSize;", "return waiting > maxQueueSize;"],
    ["(this.#parts[2 * level]?.length ?? 0) +", "0 +"],
    ["if (maxQueueSize === 0) return false;", ""],
    ["this.#append(request, request.part | 1);", "this.#append(request, request.part);"],
    [
      "if (previous === undefined) part.head = next;",
      "if (previous === undefined) part.head = undefined;",
    ],
    ["part.length -= 1;", ""],
    ["return request.next ?? this.#headFrom(request.part + 1);", "return request.next;"],
    [
      "request.next ?? this.#headFrom(request.part + 1)",
      "request.next ?? this.#headFrom(request.part + 2)",
    ],
  ],
  "queue-limits.ts": [
    ["queue.length >= maxWaitingRequests", "queue.length > maxWaitingRequests"],
    ["queue.isLevelFull(level) ||", ""],
    ['reason: "REJECTED", retryAfterS: 1', 'reason: "REJECTED"'],
  ],
  "byte-budget.ts": [
    ["this.#usedBytes + bytes > this.limitBytes", "this.#usedBytes + bytes >= this.limitBytes"],
    ["this.#usedBytes -= bytes;", ""],
  ],
  "deadline-heap.ts": [
    ["const granularityMs = 0.001;", "const granularityMs = 0.002;"],
    ["nowMs <= request.dueMs", "nowMs < request.dueMs"],
    ["const parentIndex = (index - 1) >> 1;", "const parentIndex = index >> 1;"],
    [
      "if (parent === undefined || !isBefore(request, parent)) break;",
      "if (parent === undefined || isBefore(request, parent)) break;",
    ],
    [
      "if (right !== undefined && isBefore(right, child))",
      "if (right !== undefined && isBefore(child, right))",
    ],
    ["if (!isBefore(child, request)) break;", "break;"],
    [
      "return one.arrivalIndex < other.arrivalIndex;",
      "return one.arrivalIndex > other.arrivalIndex;",
    ],
    [
      "let index = (alive.length >> 1) - 1; index >= 0;",
      "let index = (alive.length >> 1) - 1; index > 0;",
    ],
    ["else alive.push(request);", "else if (alive.length > 0) alive.push(request);"],
    [
      "this.#endedCount -= 1;",
      "",
      "it only says when to sweep: what has ended is swept out earlier than it pays",
    ],
  ],
  "batch-scheduler.ts": [
    ["this.#arrivalCount += 1;", ""],
    ["scheduled.expiresAtMs = arrivedAtMs + timeoutMs;", "scheduled.expiresAtMs = timeoutMs;"],
    ["this.#trackDeadline(scheduled);\n", ""],
    [
      "if (this.#options.instances.hasFree) this.#lookSoon();",
      "if (!this.#options.instances.hasFree) this.#lookSoon();",
    ],
    ["    else this.#setWake();\n", ""],
    ['if (refusal.reason === "REJECTED") statistics.requestRefused();', ""],
    [
      "if (this.#isLooking) this.#lookSoon();",
      "if (this.#isLooking) return;",
      "a look goes on until no instance is free: what becomes free in one is used in it",
    ],
    [
      "if (this.#willLook) return;",
      "",
      "it looks twice at the end of a turn: the second time finds nothing",
    ],
    ["clock.wakeAt(clock.nowMs(), () => {", "clock.wakeAt(clock.nowMs() + 1, () => {"],
    [
      "while (instances.hasFree && this.#handOver(nowMs));",
      "while (instances.hasFree && !this.#handOver(nowMs));",
    ],
    ["    this.#isLooking = false;\n    this.#setWake();", "    this.#isLooking = false;"],
    [
      "this.#options.waitingBytes.giveBack(request.waitingBytes);\n      this.#answers",
      "this.#answers",
    ],
    ["this.#answers.taken(request);", ""],
    ["if (nowMs > request.deadlineMs) {", "if (nowMs > request.expiresAtMs) {"],
    [
      'this.#end(request, error, "CANCELED");\n      } else',
      'this.#end(request, error, "OTHER");\n      } else',
    ],
    ['} else if (request.stage === "waiting") this.#expire', "} else if (true) this.#expire"],
    ["      else this.#trackDeadline(request);\n", ""],
    ['if (policy.timeoutAction === "DELAY") {', 'if (policy.timeoutAction !== "DELAY") {'],
    ["request.expiresAtMs = never;\n", ""],
    [
      "      request.expiresAtMs = never;\n      this.#trackDeadline(request);",
      "      request.expiresAtMs = never;",
    ],
    ["Math.min(expiresAtMs, deadlineMs) : deadlineMs", "expiresAtMs : deadlineMs"],
    [
      "const delayEndMs = this.#options.instances.hasFree ? this.#batcher.wakeMs : never;",
      "const delayEndMs = this.#batcher.wakeMs;",
    ],
    ["Math.min(this.#deadlines.wakeMs(), delayEndMs)", "this.#deadlines.wakeMs()"],
    ["Math.min(this.#deadlines.wakeMs(), delayEndMs)", "delayEndMs"],
    [
      "if (wakeMs === this.#wakeMs) return;",
      "",
      "the same timer is set again: that costs time and changes nothing",
    ],
    ["    this.#cancelWake();\n    this.#wakeMs = wakeMs;", "    this.#wakeMs = wakeMs;"],
    ["      this.#wakeMs = never;\n      this.#look();", "      this.#look();"],
    ["batch?.abort(batchIndex);", ""],
    ["      this.#options.waitingBytes.giveBack(request.waitingBytes);\n    } else", "    } else"],
    ["} else request.batch.requestEnded();", "}"],
    [
      "if (request.isTracked) this.#deadlines.noteEnded();",
      "",
      "only the sweep is missing: what has ended stays in the heap until its time has come",
    ],
    [
      "this.#queue.length > 0 || this.#options.statistics.executingCount > 0",
      "this.#queue.length > 0",
    ],
    [
      "this.#queue.length > 0 || this.#options.statistics.executingCount > 0",
      "this.#options.statistics.executingCount > 0",
    ],
    ["defaultTimeoutMs === 0 ? never : defaultTimeoutMs", "defaultTimeoutMs"],
    ["if (!allowTimeoutOverride || request.timeoutMs === 0)", "if (request.timeoutMs === 0)"],
    ["if (!allowTimeoutOverride || request.timeoutMs === 0)", "if (!allowTimeoutOverride)"],
    ["return Math.min(timeoutMs, request.timeoutMs);", "return request.timeoutMs;"],
    ["return this.#isDraining ? stopping(request) : undefined;", "return undefined;"],
  ],
  "request-answers.ts": [
    ["if (this.#mustHold(request)) hold(request, answer);", "if (false) hold(request, answer);"],
    [
      "if (this.#mustHold(request)) hold(request, { error });",
      "if (false) hold(request, { error });",
    ],
    ['if (stage === "ended") return;', ""],
    ["const lifeMs = request.endMs - request.arrivedAtMs;", "const lifeMs = request.endMs;"],
    [
      "    this.sendError(request, error);\n    this.#release();",
      "    this.sendError(request, error);",
    ],
    ["    if (isFinal) this.#release();\n", ""],
    [
      "this.#preservesOrdering ? this.#options.clock.nowMs() : moments.computeEndMs",
      "moments.computeEndMs",
    ],
    [
      "request.held = undefined;\n    this.#options.onEnded",
      "this.#options.onEnded",
      "the answers of a request that has ended are not looked at",
    ],
    [
      "return this.#firstTaken() !== request || request.held !== undefined;",
      "return this.#firstTaken() !== request;",
    ],
    [
      'while (first !== undefined && first.stage === "ended") {',
      'while (first !== undefined && first.stage !== "ended") {',
    ],
    [
      "if (this.#takenHead > 32 && this.#takenHead * 2 > this.#taken.length) {",
      "if (this.#takenHead > 32) {",
      "what has ended is forgotten earlier than it pays",
    ],
    ["this.#taken.splice(0, this.#takenHead);", "this.#taken.splice(0, this.#takenHead + 1);"],
    ["this.#takenHead = 0;\n    }", "}"],
    [
      "queueMs: moments.computeStartMs - scheduled.arrivedAtMs",
      "queueMs: moments.computeEndMs - scheduled.arrivedAtMs",
    ],
    [
      "computeMs: moments.computeOutputStartMs - moments.computeInputEndMs",
      "computeMs: moments.computeEndMs - moments.computeInputEndMs",
    ],
    ["requestedOutputs.length === 0 ? outputs :", "true ? outputs :"],
    ['error.reason === "OTHER" ? "BACKEND" : error.reason', "error.reason"],
    ["request.held.push(answer);", "request.held.unshift(answer);"],
  ],
  "running-batch.ts": [
    ["if (isFinal) request.isAnswered = true;", "request.isAnswered = true;"],
    ["if (isFinal) request.isAnswered = true;", ""],
    [
      "    request.isAnswered = true;\n    this.#options.answers.failByModel(request, error);",
      "    this.#options.answers.failByModel(request, error);",
    ],
    ["this.#runner?.batchDone();\n    for", "for"],
    ["this.#answer(request, answers[request.batchIndex]);", "this.#answer(request, answers[0]);"],
    [
      "    // The next batch first: the instance computes it while these answers are written.\n    this.#runner?.batchDone();\n    for (const request of this.requests) this.#answer(request, answers[request.batchIndex]);\n",
      "    for (const request of this.requests) this.#answer(request, answers[request.batchIndex]);\n    this.#runner?.batchDone();\n",
    ],
    [
      "  done(times: ExecutionTimes, answers: readonly ModelAnswer[]): void {\n    if (!this.#isRunning) return;",
      "  done(times: ExecutionTimes, answers: readonly ModelAnswer[]): void {",
    ],
    [
      "    if (!this.#isRunning) return;\n    this.#end(this.#timesByNow());",
      "    this.#end(this.#timesByNow());",
      "an instance that is lost has a batch only while it runs",
    ],
    ["    this.#isRunning = false;\n", ""],
    ["if (this.#isRunning || this.#liveCount > 0) return;", "if (this.#liveCount > 0) return;"],
    ["if (this.#isRunning || this.#liveCount > 0) return;", "if (this.#isRunning) return;"],
    ["this.#liveCount = Number.POSITIVE_INFINITY; // Once.", ""],
    [
      'if (request.isAnswered || request.stage === "ended") return;',
      'if (request.stage === "ended") return;',
    ],
    ["else if (request.isAnswered) this.#logFault", "else if (false) this.#logFault"],
    ['else if (request.stage !== "ended") return request;', "else return request;"],
    [
      "computeInputEndMs: computeStartMs, computeOutputStartMs: this.#options.clock.nowMs()",
      "computeInputEndMs: computeStartMs, computeOutputStartMs: computeStartMs",
    ],
    [
      "clip(computeOutputStartMs, this.computeInputEndMs, nowMs)",
      "clip(computeOutputStartMs, this.computeStartMs, nowMs)",
    ],
    ["Math.min(Math.max(valueMs, lowMs), highMs)", "Math.max(valueMs, lowMs)"],
    ["if (this.#isRunning) this.#instance?.abort(index);", "this.#instance?.abort(index);"],
    [
      "if (answer === undefined) answers.failByModel(request, forgotten(config));",
      "if (answer === undefined) return;",
    ],
    ["      this.failed(this.#timesByNow(), InferenceError.from(reason));\n", ""],
  ],
  "instance-pool.ts": [
    ["return this.#free.shift();", "return this.#free.pop();"],
    [
      "    this.#free = [];\n    this.#endLoading(unloadedEarly",
      "    this.#endLoading(unloadedEarly",
      "who stops an empty scheduler is asked nothing more",
    ],
    ["      if (this.#livingCount === 0) resolve();\n", ""],
    [
      "this.#free = this.#free.filter((free) => free !== supervisor);\n    if (this.#unloadedCount > 0) {",
      "if (this.#unloadedCount > 0) {",
    ],
    ["    if (this.#unloadedCount > 0) {\n      this.#fail(error);\n      return;\n    }\n", ""],
    ["this.#writtenOffCount >= this.#options", "this.#writtenOffCount > this.#options"],
    ["this.#writtenOffCount += 1;", ""],
    ["if (error !== undefined) this.#fail(error);", ""],
    [
      "if (this.#livingCount === 0) this.#onEnded?.();",
      "if (this.#livingCount === 1) this.#onEnded?.();",
    ],
    [
      "if (this.#unloadedCount === 0) this.#onLoaded?.(undefined);",
      "if (this.#unloadedCount <= 1) this.#onLoaded?.(undefined);",
    ],
    ["    this.#failure = error;\n    this.#free = [];\n", "    this.#failure = error;\n"],
    ["    this.#owner?.outOfService(error);\n", ""],
  ],
  "instance-supervisor.ts": [
    ["if (generation === this.#generation) this.#heardReady();", "this.#heardReady();"],
    [
      "if (generation === this.#generation) this.#heardExit(error, isFinal);",
      "this.#heardExit(error, isFinal);",
    ],
    ["this.#busySinceMs = nowMs;", ""],
    ["if (!this.#isWatching) this.#watch();", ""],
    ["this.#failuresInRow = 0;\n    if", "if"],
    [
      "if (!this.#isStopping) this.#options.owner.instanceFree(this);",
      "this.#options.owner.instanceFree(this);",
    ],
    ["if (this.#isStopping || this.#isOver()) return;\n", "if (this.#isOver()) return;\n"],
    [
      "    this.#busySinceMs = this.#options.clock.nowMs();\n    this.#watch();\n    this.#instance.stop();",
      "    this.#busySinceMs = this.#options.clock.nowMs();\n    this.#instance.stop();",
    ],
    ["    this.#instance?.abandon();\n    this.#end", "    this.#end"],
    ['    if (this.#state !== "loading") return;\n', ""],
    [
      "    this.#stopWatching();\n    this.#options.owner.instanceFree(this);",
      "    this.#options.owner.instanceFree(this);",
    ],
    [
      'if (this.#isStopping) this.#end("stopped", error);',
      'if (false) this.#end("stopped", error);',
    ],
    ["restartBackoffMs * 2 ** this.#failuresInRow", "restartBackoffMs * 3 ** this.#failuresInRow"],
    [
      "Math.min(maxRestartBackoffMs, restartBackoffMs",
      "Math.max(maxRestartBackoffMs, restartBackoffMs",
    ],
    ["this.#failuresInRow += 1;", ""],
    ["      statistics.instanceRestarted();\n", ""],
    ["    owner.instanceLost(this, error);\n", ""],
    [
      "    owner.instanceLost(this, error);\n    this.#loseBatch(error);",
      "    owner.instanceLost(this, error);",
    ],
    ["      this.#isWatching = false;\n      this.#lookForHang();", "      this.#lookForHang();"],
    [
      'if (this.#state === "ready" && !this.#isStopping) return;',
      "",
      "a free instance began its last execution at least a limit ago, or is watched",
    ],
    [
      "nowMs() < this.#busySinceMs + this.#limitMs()",
      "nowMs() <= this.#busySinceMs + this.#limitMs()",
    ],
    ["if (!isLeftBehind || owner.mayWriteOff())", "if (!isLeftBehind || !owner.mayWriteOff())"],
    [
      "    this.#generation += 1;\n    this.#instance = undefined;",
      "    this.#instance = undefined;",
    ],
    ["    this.#isWatching = false;\n    this.#cancelWake();", "    this.#isWatching = false;"],
  ],
  "repository.ts": [
    ['existing.state !== "UNAVAILABLE") {', 'existing.state === "READY") {'],
    ["one.version - other.version", "other.version - one.version"],
    [
      'versions.findLast((entry) => entry.state === "READY")',
      'versions.find((entry) => entry.state === "READY")',
    ],
    ['versions.findLast((entry) => entry.state === "READY")?.model', "versions.at(-1)?.model"],
    ['if (entry.state === "READY" && entry.model !== undefined)', "if (entry.model !== undefined)"],
    ['"UNAVAILABLE");\n  }', '"NOT_FOUND");\n  }'],
    ["([one], [other]) => (one < other ? -1 : 1)", "([one], [other]) => (one < other ? 1 : -1)"],
    [
      'return state === "UNAVAILABLE" && reason === unloadedReason;',
      'return state === "UNAVAILABLE";',
    ],
    [
      'if (state === "READY") return model?.isReady() ?? false;',
      'if (state === "READY") return true;',
    ],
    ["entry.reason = unloadedReason;", 'entry.reason = "";'],
  ],
  "inference-core.ts": [
    ['if (this.#isClosing()) throw new InferenceError("UNAVAILABLE", "Server is stopping");', ""],
    ["version === undefined || entry.version === version", "true"],
    ['if (this.#state === "stopped") return;', ""],
    [
      'return this.#state === "running" && this.#repository.isReady();',
      "return this.#repository.isReady();",
    ],
    [
      'if (entry.state === "LOADING") this.#repository.fail(entry, error);',
      "this.#repository.fail(entry, error);",
    ],
    [
      '    if (entry.state !== "LOADING") return;\n    entry.state = "READY";',
      '    entry.state = "READY";',
    ],
    ["this.#repository.end(entry);", ""],
    ["for (const { model } of this.#repository.all()) model?.abandon(error);", ""],
  ],
  "loaded-model.ts": [
    ["    await this.#scheduler.drain();\n", ""],
    ["    await this.#instances.stop();\n", ""],
    ["this.#scheduler.failAll(error);\n", ""],
    ["this.#instances.abandon(error);", ""],
    ["validateRequest(request, this.config);", ""],
    ["this.#clock.nowMs() - startedAtMs", "startedAtMs"],
  ],
  "model-statistics.ts": [
    ["this.#pendingCount += 1;", "this.#pendingCount += 2;"],
    ["this.#pendingCount -= requestCount;", "this.#pendingCount -= 1;"],
    ["this.#executingCount += requestCount;", "this.#executingCount += rows;"],
    ["this.#batchesClosed[why] += 1;", ""],
    ["this.#batchRows.observe(rows);", "this.#batchRows.observe(requestCount);"],
    ["this.#inferenceCount += rows;", "this.#inferenceCount += 1;"],
    ["this.#lastInferenceAtMs = endMs;", "this.#lastInferenceAtMs = arrivedAtMs;"],
    ["this.#queue.add(startNs);", "this.#queue.add(inputEndNs);"],
    ["this.#compute.input.add(inputEndNs - startNs);", "this.#compute.input.add(inputEndNs);"],
    [
      "this.#compute.output.add(computeEndNs - outputStartNs);",
      "this.#compute.output.add(requestNs - outputStartNs);",
    ],
    [
      'if (stage === "waiting") this.#pendingCount -= 1;',
      'if (stage !== "waiting") this.#pendingCount -= 1;',
    ],
    ['this.#countFailure(0, "REJECTED");', 'this.#countFailure(0, "OTHER");'],
    ["let counters = this.#batches.get(rows);", "let counters = this.#batches.get(1);"],
    ["counters.infer.add(outputStartNs - inputEndNs);", "counters.infer.add(outputStartNs);"],
    ["Math.round(now.wallMs - sinceLastMs)", "Math.round(now.wallMs)"],
    ["this.#instances[from] -= 1;", ""],
    ["([one], [other]) => one - other", "([one], [other]) => other - one"],
  ],
  "histogram.ts": [
    ["units > (bounds[bucket] ?? 0)", "units >= (bounds[bucket] ?? 0)"],
    ["bound * unitsPerValue", "bound"],
    ["cumulative += count;", "cumulative = count;"],
    ["this.#sumUnits += units;", "this.#sumUnits = units;"],
  ],
  "compatibility-key.ts": [
    ["if (variable.length === 0 && !hasOptional)", "if (variable.length === 0)"],
    ["request.inputs[0]?.shape[1]", "request.inputs[0]?.shape[0]"],
    ["variable[0]?.dims.length === 1", "true"],
    ["input.isOptional || input.dims.includes(-1))", "input.dims.includes(-1))"],
    ['if (tensor === undefined) key += "-;";', 'if (tensor === undefined) key += "+;";'],
    ["tensor.shape.slice(1).join()", "tensor.shape.join()"],
    ["tensor.shape.slice(1).join()", "tensor.shape.slice(2).join()"],
    ["(input) => input.name === name", "(input) => input.name !== name"],
  ],
};

/** Texts as above; found by seeds that testing/simulation/regressions.ts keeps. */
export const plantedAgain = {
  "a caller that throws made infer throw": [
    "inference-core.ts",
    'const fields = { model, requestId: logId, error };\n      this.#options.log.error("the receiver of an answer failed", fields);',
    "throw error;",
  ],
  "who unloaded twice was told too early that it is done": [
    "inference-core.ts",
    "entry.unloading = this.#finish(entry);",
    "await this.#finish(entry);",
  ],
  "a timer was left behind after an unload": [
    "batch-scheduler.ts",
    "    this.#cancelWake();\n    this.#wakeMs = never;\n    for (const tell",
    "    for (const tell",
  ],
  "a model out of service failed what other instances ran": [
    "batch-scheduler.ts",
    "this.#failWaiting(this.#refusal);",
    "this.failAll(this.#refusal);",
  ],
  "what waited for a model that went out of service was not counted as the backend's failure": [
    "batch-scheduler.ts",
    '{ reason: "BACKEND", cause }',
    "{ cause }",
  ],
  "a model was ready while its last instances stopped": [
    "instance-supervisor.ts",
    "return !this.#isStopping && (",
    "return (",
  ],
  "a server that drains did not know the models that it drains": [
    "inference-core.ts",
    'const isDraining = this.#state === "draining";',
    "const isDraining = false;",
  ],
  "instances were started of what had been unloaded meanwhile": [
    "inference-core.ts",
    'if (entry.state !== "LOADING") throw unloadedEarly(model);',
    "",
  ],
  "an instance that did not stop was said not to answer": [
    "instance-supervisor.ts",
    'if (this.#isStopping) return "stop";',
    "",
  ],
  "what was ready after a cancellation waited for the end of a delay": [
    "batch-scheduler.ts",
    'if (stage === "waiting" && this.#options.instances.hasFree) this.#lookSoon();',
    "",
  ],
  "an instance was told twice that a caller has gone": [
    "batch-scheduler.ts",
    '    if (stage === "ended") return;\n    this.#answers.fail(request, error, reason);',
    "    this.#answers.fail(request, error, reason);",
  ],
  "a request without any time left was started by the look in which it arrived": [
    "batch-scheduler.ts",
    "do this.#endOverdue(nowMs);\n",
    "this.#endOverdue(nowMs);\n",
  ],
  "an instance that had been abandoned was told that a caller has gone": [
    "instance-supervisor.ts",
    '    if (error !== undefined) this.#loseBatch(error);\n    this.#options.owner.instanceEnded(this, state === "failed" ? error : undefined);',
    '    this.#options.owner.instanceEnded(this, state === "failed" ? error : undefined);\n    if (error !== undefined) this.#loseBatch(error);',
  ],
  "a model that drained said that it can run a batch": [
    "loaded-model.ts",
    "!this.#isUnloading && ",
    "",
  ],
};
