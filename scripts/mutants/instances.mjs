/**
 * Mutants of the lives of instances.
 *
 * How they are written and run: ../mutants.mjs. "Once real" is what the core did wrong before a
 * seed found it.
 */
export const mutants = {
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
    // Once real: a model was ready while its last instances stopped.
    ["return !this.#isStopping && (", "return ("],
    // Once real: an instance that did not stop was said not to answer.
    ['if (this.#isStopping) return "stop";', ""],
    // Once real: an instance that had been abandoned was told that a caller has gone.
    [
      '    if (error !== undefined) this.#loseBatch(error);\n    this.#options.owner.instanceEnded(this, state === "failed" ? error : undefined);',
      '    this.#options.owner.instanceEnded(this, state === "failed" ? error : undefined);\n    if (error !== undefined) this.#loseBatch(error);',
    ],
  ],
};
