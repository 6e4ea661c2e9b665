/**
 * Mutants of the lives of instances.
 *
 * How they are written and run: ../mutants.mjs. "Once real" is what the core did wrong before a
 * seed found it.
 */
export const mutants = {
  "core/instance-pool.ts": [
    ["let chosen = first;", "let chosen = others.at(-1) ?? first;"],
    ["other.runningCount < chosen.runningCount", "other.runningCount <= chosen.runningCount"],
    ["other.runningCount < chosen.runningCount", "other.runningCount > chosen.runningCount"],
    ["other.runningCount < chosen.runningCount", "false"],
    ["    this.#free = this.#free.filter((free) => free !== chosen);\n", ""],
    [
      "if (chosen.runningCount + 1 < this.#options.config.concurrency) this.#free.push(chosen);",
      "",
    ],
    ["chosen.runningCount + 1 < this.#options", "chosen.runningCount < this.#options"],
    ["concurrency) this.#free.push(chosen);", "concurrency) this.#free.unshift(chosen);"],
    [
      "    this.#free = [];\n    const error = unloadedEarly",
      "    const error = unloadedEarly",
      "who stops an empty scheduler is asked nothing more",
    ],
    ["      if (this.#supervisors.length === 0) resolve();\n", ""],
    [
      "this.#free = this.#free.filter((free) => free !== supervisor);\n    if (this.#joining",
      "if (this.#joining",
    ],
    ["    if (this.#unloadedCount > 0) {\n      this.#fail(error);\n      return;\n    }\n", ""],
    ["this.#writtenOffCount >= this.#options", "this.#writtenOffCount > this.#options"],
    ["this.#writtenOffCount += 1;", ""],
    ["      else this.#fail(error);\n", ""],
    [
      "if (this.#supervisors.length === 0) this.#onEnded?.();",
      "if (this.#supervisors.length <= 1) this.#onEnded?.();",
    ],
    [
      "if (this.#unloadedCount === 0) this.#onLoaded?.(undefined);",
      "if (this.#unloadedCount <= 1) this.#onLoaded?.(undefined);",
    ],
    [
      "    this.#failure = error;\n    this.#free = [];\n",
      "    this.#failure = error;\n",
      "the queue is emptied and closed in the same breath: nothing asks for an instance any more",
    ],
    ["    this.#owner?.outOfService(error);\n", ""],
    [
      "    if (this.#failure !== undefined) return;\n",
      "",
      "all others are told to stop before one of them can fail too",
    ],
    [
      "    for (const supervisor of this.#supervisors) supervisor.stop();\n    if (this.#endLoading(error)) return;",
      "    if (this.#endLoading(error)) return;",
    ],
    ["if (this.#endLoading(error)) return;", "this.#endLoading(error);"],
    [
      "    this.#endLoading(error);\n    this.#endJoining(error);\n    for (const supervisor of this.#supervisors) supervisor.abandon",
      "    this.#endJoining(error);\n    for (const supervisor of this.#supervisors) supervisor.abandon",
    ],
    [
      "this.#unloadedCount = 0;\n    this.#onLoaded",
      "this.#onLoaded",
      "a pool whose load has ended like that is only stopped",
    ],
  ],
  "core/instance-supervisor.ts": [
    ["if (generation === this.#generation) this.#heardReady();", "this.#heardReady();"],
    [
      "if (generation === this.#generation) this.#heardExit(error, isFinal);",
      "this.#heardExit(error, isFinal);",
    ],
    [
      "    this.#dutySinceMs = clock.nowMs();\n    this.#watch();\n    this.#instance",
      "    this.#watch();\n    this.#instance",
    ],
    ['    if (this.#duty() !== "answer") return this.#dutySinceMs;\n', ""],
    ["Math.min(...this.#batches.map(", "Math.max(...this.#batches.map("],
    ["silentSinceMs === Number.POSITIVE_INFINITY ? clock.nowMs() : silentSinceMs", "silentSinceMs"],
    [
      "const wasFull = this.#batches.length === this.#options.config.concurrency;",
      "const wasFull = true;",
    ],
    [
      "const wasFull = this.#batches.length === this.#options.config.concurrency;",
      "const wasFull = this.#batches.length === 1;",
    ],
    ['if (this.#batches.length === 0) this.#change("ready");', 'this.#change("ready");'],
    ["this.#batches = [...this.#batches, batch];", "this.#batches = [batch];"],
    ["return this.#batches.flatMap(", "return this.#batches.slice(0, 1).flatMap("],
    ["this.#batches = this.#batches.filter((other) => other !== batch);", "this.#batches = [];"],
    [
      'if (this.#state === "ready") this.#change("busy");',
      'this.#change("busy");',
      "from busy to busy changes no count",
    ],
    ["if (!this.#isWatching) this.#watch();", ""],
    ["this.#failuresInRow = 0;\n    if", "if"],
    [
      "if (wasFull && !this.#isStopping) this.#options.owner.instanceFree(this);",
      "if (wasFull) this.#options.owner.instanceFree(this);",
      "one that stops while it runs belongs to a model whose queue is empty and closed",
    ],
    ["if (this.#isStopping || this.#isOver()) return;\n", "if (this.#isOver()) return;\n"],
    [
      "    this.#dutySinceMs = this.#options.clock.nowMs();\n    this.#watch();\n    this.#instance.stop();",
      "    this.#dutySinceMs = this.#options.clock.nowMs();\n    this.#instance.stop();",
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
      "    owner.instanceLost(this, error);\n    this.#loseBatches(error);",
      "    owner.instanceLost(this, error);",
    ],
    ["      this.#isWatching = false;\n      this.#lookForHang();", "      this.#lookForHang();"],
    [
      'if (this.#state === "ready" && !this.#isStopping) return;',
      "",
      "one that runs nothing is looked at again and again, of which nothing comes but one timer",
    ],
    [
      "nowMs() < this.#silentSinceMs() + this.#limitMs()",
      "nowMs() <= this.#silentSinceMs() + this.#limitMs()",
    ],
    ["if (!isLeftBehind || owner.mayWriteOff())", "if (!isLeftBehind || !owner.mayWriteOff())"],
    [
      "    this.#generation += 1;\n    this.#instance = undefined;",
      "    this.#instance = undefined;",
    ],
    ["    this.#isWatching = false;\n    this.#cancelWake();", "    this.#isWatching = false;"],
    // Once real: a model was ready while its last instances stopped.
    ["return !this.#isStopping && (", "return ("],
    // Once real: an instance that did not stop was said not to answer.
    ['if (this.#isStopping) return "stop";', ""],
    // Once real: an instance that had been abandoned was told that a caller has gone.
    [
      '    if (error !== undefined) this.#loseBatches(error);\n    this.#options.owner.instanceEnded(this, state === "failed" ? error : undefined);',
      '    this.#options.owner.instanceEnded(this, state === "failed" ? error : undefined);\n    if (error !== undefined) this.#loseBatches(error);',
    ],
    [
      "const isLeftBehind = this.#instance?.abandon() ?? false;",
      "const isLeftBehind = this.#instance?.abandon() !== undefined;",
    ],
    [
      "const isLeftBehind = this.#instance?.abandon() ?? false;",
      "const isLeftBehind = this.#instance?.abandon() === undefined;",
    ],
    ["    if (this.#isStopping) {\n      this.abandon(error);\n      return;\n    }\n", ""],
    [
      '    if (this.#instance === undefined) {\n      this.#end("stopped", undefined);\n      return;\n    }\n',
      "",
    ],
    ["if (isFinal) {", "if (false) {"],
    ["this.#lose(tooManyHang(config, error), true);", "this.#lose(error, true);"],
    [
      'if (this.#state !== "busy") return;',
      "",
      "a batch ends while its instance is busy, or is broken off",
    ],
    [
      "reason ?? endedUnasked(this.#options.config.name)",
      "reason ?? hangs(this.#options.config, this.#duty())",
    ],
    ['state === "failed" ? error : undefined);', "error);"],
    ["    if (this.#isStopping) return;\n    this.#stopWatching();", "    this.#stopWatching();"],
    ["    this.#stopWatching();\n    this.#dutySinceMs", "    this.#dutySinceMs"],
    // Once real: a lost instance was told what becomes of its second batch when the first one failed.
    [
      "    for (const batch of batches) batch.breakOff();\n    for (const batch of batches) batch.failRest(error);",
      "    for (const batch of batches) {\n      batch.breakOff();\n      batch.failRest(error);\n    }",
    ],
    ["    for (const batch of batches) batch.failRest(error);\n", ""],
  ],
};
