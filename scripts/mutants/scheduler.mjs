/**
 * Mutants of when something leaves the queue, and of what becomes of it.
 *
 * How they are written and run: ../mutants.mjs. "Once real" is what the core did wrong before a
 * seed found it.
 */
export const mutants = {
  "core/batch-scheduler.ts": [
    ["this.#arrivalCount += 1;", ""],
    ["scheduled.expiresAtMs = arrivedAtMs + timeoutMs;", "scheduled.expiresAtMs = timeoutMs;"],
    ["this.#trackDeadline(scheduled);\n", ""],
    [
      "if (this.#options.instances.hasFree) this.#lookSoon();",
      "if (!this.#options.instances.hasFree) this.#lookSoon();",
    ],
    ["    else this.#setWake();\n", ""],
    ["      statistics.requestRefused();\n", ""],
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
      "instances.hasFree && this.#handOver(nowMs));",
      "instances.hasFree && !this.#handOver(nowMs));",
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
    [
      "      this.#wakeMs = never;\n      this.#look();",
      "      this.#look();",
      "what it slept for is over then, so it never sleeps until that moment again",
    ],
    ["batch?.abort(request);", ""],
    ["      this.#options.waitingBytes.giveBack(request.waitingBytes);\n    } else", "    } else"],
    ["} else request.batch.requestEnded(request);", "}"],
    [
      "if (request.isTracked) this.#deadlines.noteEnded();",
      "",
      "only the sweep is missing: what has ended stays in the heap until its time has come",
    ],
    [
      "this.#queue.length === 0 && this.#options.statistics.executingCount === 0",
      "this.#queue.length === 0",
    ],
    [
      "this.#queue.length === 0 && this.#options.statistics.executingCount === 0",
      "this.#options.statistics.executingCount === 0",
    ],
    ["defaultTimeoutMs === 0 ? never : defaultTimeoutMs", "defaultTimeoutMs"],
    ["if (!allowTimeoutOverride || request.timeoutMs === 0)", "if (request.timeoutMs === 0)"],
    ["if (!allowTimeoutOverride || request.timeoutMs === 0)", "if (!allowTimeoutOverride)"],
    ["return Math.min(timeoutMs, request.timeoutMs);", "return request.timeoutMs;"],
    ["return isRefusing ? stopping(request) : undefined;", "return undefined;"],
    ["isInternal ? this.#isClosed : this.#isDraining", "this.#isDraining"],
    ["isInternal ? this.#isClosed : this.#isDraining", "!isInternal && this.#isDraining"],
    // Once real: a timer was left behind after an unload.
    [
      "    this.#cancelWake();\n    this.#wakeMs = never;\n    for (const tell",
      "    for (const tell",
    ],
    // Once real: a model out of service failed what other instances ran.
    ["this.#failWaiting(this.#refusal);", "this.failAll(this.#refusal);"],
    // Once real: what waited for a model that went out of service was not counted as the backend's failure.
    ['{ reason: "BACKEND", cause }', "{ cause }"],
    // Once real: what was ready after a cancellation waited for the end of a delay.
    ['if (stage === "waiting" && this.#options.instances.hasFree) this.#lookSoon();', ""],
    // Once real: an instance was told twice that a caller has gone.
    [
      '    if (stage === "ended") return;\n    this.#answers.fail(request, error, reason);',
      "    this.#answers.fail(request, error, reason);",
    ],
    // Once real: a request without any time left was started by the look in which it arrived.
    ["do this.#endOverdue(nowMs);\n", "this.#endOverdue(nowMs);\n"],
    [
      'this.#refusal = new InferenceError("UNAVAILABLE"',
      'this.#refusal = new InferenceError("INTERNAL"',
    ],
    ["    if (this.#refusal !== undefined) return this.#refusal;\n", ""],
    ["if (this.#isDraining) this.#tellIfDrained();", ""],
    ["this.#options.instances.runningRequests()", "[]"],
    ["    this.#failWaiting(error);\n    // What", "    // What"],
    [
      "rows: isBatching ? (request.inputs[0]?.shape[0] ?? 1) : 1",
      "rows: request.inputs[0]?.shape[0] ?? 1",
    ],
    ["    else this.#look();\n", "    else this.#lookSoon();\n"],
    [
      'this.#answers.fail(request, error, "REJECTED");',
      'this.#answers.fail(request, error, "BACKEND");',
    ],
  ],
  "core/request-answers.ts": [
    ["if (this.#mustHold(request)) hold(request, answer);", "if (false) hold(request, answer);"],
    [
      "if (this.#mustHold(request)) hold(request, { error });",
      "if (false) hold(request, { error });",
    ],
    [
      'if (stage === "ended") return;',
      "",
      "nobody fails what has ended: for the compiler, which takes the stage for one of the other two",
    ],
    ["const lifeMs = request.endMs - request.arrivedAtMs;", "const lifeMs = request.endMs;"],
    [
      "    this.sendError(request, error, reason);\n    this.#release();",
      "    this.sendError(request, error, reason);",
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
    ['if (this.#isDecoupled && stage === "executing") {', "if (this.#isDecoupled) {"],
    ['if (this.#isDecoupled && stage === "executing") {', 'if (stage === "executing") {'],
    ['reason === "CANCELED" ? "cancel" : "fail"', '"fail"'],
    [
      "    if (this.#isDecoupled) {\n      const how = response",
      "    if (true) {\n      const how = response",
    ],
    ['response.outputs.length > 0 ? "success" : "emptyResponse"', '"success"'],
    ["request.responseCount += 1;", ""],
    ["request.respondedMs = moments.computeEndMs;", ""],
    [
      "request.respondedMs = moments.computeEndMs;",
      "request.respondedMs = this.#options.clock.nowMs();",
    ],
  ],
  "core/running-batch.ts": [
    ["if (isFinal) request.isAnswered = true;", "request.isAnswered = true;\n    if (isFinal);"],
    ["if (isFinal) request.isAnswered = true;", "if (isFinal);"],
    [
      "    request.isAnswered = true;\n    this.#options.answers.failByModel(request, error);",
      "    this.#options.answers.failByModel(request, error);",
    ],
    ["    this.#runner?.batchDone(this);\n", ""],
    ["({ batchIndex }) => answers[batchIndex]", "() => answers[0]"],
    ["if (isolation === undefined) this.#finish(times);\n", ""],
    [
      "    if (part !== this.#part) return;\n    this.#isolation?.parts.passed();",
      "    this.#isolation?.parts.passed();",
    ],
    ["    this.#isRunning = false;\n", ""],
    ["if (this.#isRunning || this.#liveCount > 0) return;", "if (this.#liveCount > 0) return;"],
    ["if (this.#isRunning || this.#liveCount > 0) return;", "if (this.#isRunning) return;"],
    ["this.#liveCount = Number.POSITIVE_INFINITY; // Once.", ""],
    ["else if (request.isAnswered) this.#logFault", "else if (false) this.#logFault"],
    ['else if (request.stage !== "ended") return request;', "else return request;"],
    [
      "computeInputEndMs: computeStartMs, computeOutputStartMs: this.#options.clock.nowMs()",
      "computeInputEndMs: computeStartMs, computeOutputStartMs: computeStartMs",
    ],
    ["=== request ? this.#part : undefined", "=== request ? this.#part : this"],
    [
      "if (answer === undefined) answers.failByModel(request, forgotten(config));",
      "if (answer === undefined) return;",
    ],
    [
      "return this.#untakenCount > 0 ? Number.POSITIVE_INFINITY : this.#signMs;",
      "return this.#signMs;",
    ],
    ["this.#untakenCount > 0 ? Number", "this.#untakenCount > 1 ? Number"],
    ["Math.min(responseCount, request.untakenCount)", "responseCount"],
    ["    if (taken <= 0) return;\n", ""],
    ["    this.#noteTaken(request, taken);\n", ""],
    ["request.batchIndex, taken);", "request.batchIndex, responseCount);"],
    ["else if (this.#isDecoupled) this.#noteGiven(request);", "else this.#noteGiven(request);"],
    ["    else if (this.#isDecoupled) this.#noteGiven(request);\n", ""],
    ["if (request.untakenCount > 0) this.#noteTaken(request, request.untakenCount);", ""],
    ["if (request.untakenCount > 0) this.#noteTaken", "this.#noteTaken"],
    ["request.untakenCount -= count;", ""],
    ["this.#untakenCount -= count;\n    this.#signMs", "this.#signMs"],
    [
      "this.#untakenCount -= count;\n    this.#signMs = this.#options.clock.nowMs();\n",
      "this.#untakenCount -= count;\n",
    ],
    ["    this.#signMs = computeStartMs;\n", "    this.#signMs = 0;\n"],
    ["if (answer === undefined && this.#isDecoupled) answers", "if (answer === undefined) answers"],
    [
      "answers.respond(request, noMore, true, moments);",
      "answers.respond(request, noMore, false, moments);",
    ],
    ["      request.respondedMs = computeStartMs;\n", ""],
    ["      emit.failed(this.#timesByNow(), InferenceError.from(reason));\n", ""],
    // Parts of what failed.
    ["if (part !== this.#part) return;\n    if (this.#isolation", "if (this.#isolation"],
    ["this.#isolation?.parts.passed();", ""],
    ["this.#isolation.parts.failed();", "{}"],
    [
      "this.#isolation === undefined || part.requests.length === 1",
      "this.#isolation === undefined",
    ],
    ["this.#isolation?.parts.isOver === false ?", "this.#isolation !== undefined ?"],
    [
      "=== undefined ? this.#moments : this.#momentsAt(times);",
      "!== undefined ? this.#moments : this.#momentsAt(times);",
    ],
    ["isolatesFailures === true && !this.#isDecoupled", "isolatesFailures === true"],
    [
      "config.dynamicBatching?.isolatesFailures === true &&",
      "config.dynamicBatching !== undefined &&",
    ],
    ['      code !== "UNAVAILABLE" &&\n', ""],
    ["      this.#runner?.mayRunAgain === true &&\n", "", "it is asked again before each part"],
    ["      this.requests.length > 1\n", "      true\n"],
    ["this.#options.statistics.batchIsolated();", ""],
    ["this.#options.statistics.partExecuted();", ""],
    ["new Bisection(this.requests, isOpen)", "new Bisection(this.requests, () => true)"],
    ["this.#runner?.mayRunAgain === true ? parts.next() : undefined", "parts.next()"],
    ["        this.failRest(error);\n", ""],
    ["      request.batchIndex = index;\n      rows", "      rows"],
    ["rows += request.rows;", "rows += 1;"],
    [
      "    this.#signMs = this.#options.clock.nowMs();\n    this.#options.statistics.part",
      "    this.#options.statistics.part",
    ],
    ["this.#isolation?.inputEndMs ?? times.computeInputEndMs", "times.computeInputEndMs"],
    ["return !isAnswered && stage", "return stage"],
    ['return !isAnswered && stage !== "ended";', "return !isAnswered;"],
  ],
  "core/batch-moments.ts": [
    [
      "clip(computeOutputStartMs, this.computeInputEndMs, nowMs)",
      "clip(computeOutputStartMs, this.computeStartMs, nowMs)",
    ],
    ["Math.min(Math.max(valueMs, lowMs), highMs)", "Math.max(valueMs, lowMs)"],
  ],
  "core/bisection.ts": [
    ["isSuspect: true }];", "isSuspect: false }];"],
    ["return this.#parts.length === 0;", "return this.#parts.length <= 1;"],
    ["part.items.filter(this.#isWanted)", "part.items"],
    ["if (items.length === 0) continue;", "if (items.length === 0) return undefined;"],
    ["part.isSuspect && items.length > 1", "items.length > 2"],
    ["if (this.#otherHalf !== undefined) this.#otherHalf.isSuspect = true;", ""],
    [
      "    this.#otherHalf = undefined;\n  }\n\n  /** Of a single",
      "  }\n\n  /** Of a single",
      "the half that is remembered has been run: what it is called counts no more",
    ],
    ["    this.#otherHalf = undefined;\n    if (items", "    if (items"],
    ["if (items.length > 1) this.#parts.push", "this.#parts.push"],
    ["items.length >> 1", "(items.length + 1) >> 1"],
    [
      "this.#parts.push(other, { items: items.slice(0, middle), isSuspect: false });",
      "this.#parts.push({ items: items.slice(0, middle), isSuspect: false }, other);",
    ],
  ],
};
