/**
 * Mutants of models by name, their loads and unloads, and their counters.
 *
 * How they are written and run: ../mutants.mjs. "Once real" is what the core did wrong before a
 * seed found it.
 */
export const mutants = {
  "core/repository.ts": [
    ['existing.state !== "UNAVAILABLE") {', 'existing.state === "READY") {'],
    ["one.version - other.version", "other.version - one.version"],
    ["ready.findLast((entry) => failureOf", "ready.find((entry) => failureOf"],
    ["const ready = versions.filter(isUp)", "const ready = versions"],
    ["failureOf(entry) === undefined", "failureOf(entry) !== undefined"],
    ["(serving ?? ready.at(-1))?.model", "(serving ?? ready.at(0))?.model"],
    ["if (isUp(entry) && entry.model !== undefined)", "if (entry.model !== undefined)"],
    ['"UNAVAILABLE");\n  }', '"NOT_FOUND");\n  }'],
    ["([one], [other]) => (one < other ? -1 : 1)", "([one], [other]) => (one < other ? 1 : -1)"],
    [
      'return state === "UNAVAILABLE" && reason === unloadedReason;',
      'return state === "UNAVAILABLE";',
    ],
    ["model?.isReady() === true;", "true;"],
    ["entry.reason = unloadedReason;", 'entry.reason = "";'],
    ["kinds[code]", "kinds.INTERNAL"],
    ["const others = versions.filter((entry) => entry !== existing);", "const others = versions;"],
  ],
  "core/model-loads.ts": [
    [
      'if (entry.state === "LOADING") repository.fail(entry, error);',
      "repository.fail(entry, error);",
    ],
    [
      '    if (entry.state !== "LOADING") return;\n    entry.state = "READY";',
      '    entry.state = "READY";',
    ],
    // Once real: instances were started of what had been unloaded meanwhile.
    ["source.resolve(signal);\n    signal.throwIfAborted();", "source.resolve(signal);"],
    // What replaces a version.
    ["if (entry.replacement !== undefined) {", "if (false) {"],
    ["    entry.replacement = replacement;\n", ""],
    ["        replacement.model = made;\n", ""],
    ["        replacement.model = made;\n", "        entry.model = made;\n"],
    ["if (entry.model !== undefined) this.retire(entry, entry.model);", ""],
    ["this.retire(entry, entry.model);", "entry.model.abandon(unloadedEarly);"],
    ["this.retire(entry, entry.model);", "void entry.model.drain();"],
    ["          entry.model = model;\n          this.#logLoaded", "          this.#logLoaded"],
    ["      entry.replacement = undefined;\n      const error", "      const error"],
    ["          entry.replacement = undefined;\n          if (entry", "          if (entry"],
    ["leaving.set(model, left);", ""],
    ["if (entry.model === model) onOutOfService", "onOutOfService"],
    ["replacement.done = preparing.then(nothing, nothing);", "preparing.then(nothing, nothing);"],
  ],
  "core/stopping.ts": [['"Server is stopping", { retryAfterS: 1, cause }', '"Server is stopping"']],
  "core/inference-core.ts": [
    ["if (this.#isClosing()) throw serverStopping();\n    const entry", "const entry"],
    ["entries.filter(isMeant(version))", "entries"],
    ['if (this.#state === "stopped") return;', ""],
    [
      'return this.#state === "running" && (!strictReadiness || this.#repository.isReady());',
      "return !strictReadiness || this.#repository.isReady();",
    ],
    ["    this.#repository.end(entry);\n    this.#options.log", "    this.#options.log"],
    ["each?.abandon(error);", ";"],
    // Once real: a caller that throws made infer throw.
    [
      'const fields = { model, requestId: logId, error };\n      this.#options.log.error("the receiver of an answer failed", fields);',
      "throw error;",
    ],
    // Once real: who unloaded twice was told too early that it is done.
    ["entry.unloading = this.#finish(", "await this.#finish("],
    ["if (drained !== undefined) await drained;", ""],
    ["isServing ? drained : undefined", "drained"],
    ["while (models.some((model) => !model.isIdle));", "while (false);"],
    // Once real: a server that drains did not know the models that it drains.
    [
      "this.#served(this.#repository.versionsOf(name)).findLast(isMeant(version))",
      "this.#served([]).findLast(isMeant(version))",
    ],
    ["entry.giveUp.abort(unloadedEarly(model));", ""],
    ["await entry.loading?.catch(() => {});", ""],
    // Once real: a server that had stopped said that it knows no model.
    [
      "if (!this.#isClosing()) return this.#repository",
      'if (this.#state !== "draining") return this.#repository',
    ],
    [
      "if (leaving?.model === undefined) throw serverStopping();",
      "if (leaving?.model === undefined) return this.#repository.lookUp(name, version);",
    ],
    ['const state = this.#isClosing() ? "UNLOADING" : "READY";', 'const state = "READY";'],
    ["entry.state === state && entry.model !== undefined", "entry.state === state"],
    ["served.map((entry) => entry.version)", "served.slice(-1).map((entry) => entry.version)"],
    ['if (this.#state === "starting") this.#state = "running";', 'this.#state = "running";'],
    [
      'if (entry.state === "LOADING" || entry.state === "READY") {',
      'if (entry.state === "READY") {',
    ],
    ["ofModel.filter(isMeant(version))", "ofModel"],
    [".findLast(isMeant(version))", ".find(isMeant(version))"],
    ["asked === undefined || version === asked", "version === asked"],
    // What replaces a version.
    ['if (entry?.state === "READY") {', "if (entry !== undefined) {"],
    ['if (entry?.state === "READY") {', "if (false) {"],
    [
      "versionsOf(name).filter(isMeant(version));\n    if (entry?",
      "versionsOf(name);\n    if (entry?",
    ],
    ["[model, ...leaving.keys()]", "[model]"],
    ["[model ?? [], ...leaving.keys()]", "[model ?? []]"],
    ["replacement?.giveUp.abort(unloadedEarly(model));", ""],
    ["if (replacement?.model !== undefined) this.#loads.retire(entry, replacement.model);", ""],
    ["await replacement?.done.catch(() => {});", ""],
    ["await Promise.all(leaving.values());\n", ""],
    // Once real: who took out a model that had failed to load had a server that was never ready.
    ['if (entry.state === "UNAVAILABLE") this.#repository.end(entry);', ""],
  ],
  "core/loaded-model.ts": [
    ["    await this.#scheduler.drain();\n", ""],
    ["    this.#scheduler.close();\n    await", "    await"],
    // Once real: a call to a model that was abandoned waited for ever, and the server with it.
    ["    this.#scheduler.close();\n    this.#scheduler.failAll", "    this.#scheduler.failAll"],
    ["    await this.#instances.stop();\n", ""],
    ["this.#scheduler.failAll(error);\n", ""],
    ["this.#instances.abandon(error);", ""],
    ["validateRequest(request, this.#config);", ""],
    ["this.#clock.nowMs() - startedAtMs", "startedAtMs"],
    // Once real: a model that drained said that it can run a batch.
    ["!this.#isUnloading && ", ""],
    ["this.#isUnloading = true;", ""],
  ],
  "core/model-statistics.ts": [
    ["this.#pendingCount += 1;", "this.#pendingCount += 2;"],
    ["this.#pendingCount -= requestCount;", "this.#pendingCount -= 1;"],
    ["this.#executingCount += requestCount;", "this.#executingCount += rows;"],
    ["this.#batchesClosed[why] += 1;", ""],
    ["this.#batchRows.observe(rows);", "this.#batchRows.observe(requestCount);"],
    ["this.#inferenceCount += rows;", "this.#inferenceCount += 1;"],
    ["this.#lastInferenceAtMs = endMs;", "this.#lastInferenceAtMs = arrivedAtMs;"],
    ["this.#answered(requestNs, startNs);", "this.#answered(requestNs, inputEndNs);"],
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
    ["Math.round(wallMs - (nowMs - this.#toldAtMs))", "Math.round(wallMs)"],
    ["this.#instances[from] -= 1;", ""],
    ["([one], [other]) => one - other", "([one], [other]) => other - one"],
    ["if (this.#toldAtMs !== this.#lastInferenceAtMs) {", "if (this.#toldWallMs === 0) {"],
    ["Math.min(responseCount, countedResponses - 1)", "responseCount"],
    ["Math.min(responseCount, countedResponses - 1)", "Math.min(responseCount, countedResponses)"],
    [
      "counters[how].add(nsBetween(respondedMs, computeEndMs));",
      "counters[how].add(nsBetween(respondedMs, computeOutputStartMs));",
    ],
    ['if (how === "fail" || how === "cancel") return;', ""],
    ['if (how === "fail" || how === "cancel") return;', 'if (how === "fail") return;'],
    ['if (how === "fail" || how === "cancel") return;', 'if (how !== "success") return;'],
    ["nsBetween(respondedMs, computeEndMs) - inferNs", "nsBetween(respondedMs, computeEndMs)"],
    // Once real: the last response of a stream took less than no time.
    ["Math.max(respondedMs, computeOutputStartMs)", "computeOutputStartMs"],
  ],
  "core/histogram.ts": [
    ["units > (bounds[bucket] ?? 0)", "units >= (bounds[bucket] ?? 0)"],
    ["bound * unitsPerValue", "bound"],
    ["cumulative += count;", "cumulative = count;"],
    ["this.#sumUnits += units;", "this.#sumUnits = units;"],
  ],
};
