/**
 * Mutants of ensembles: their graphs and plans, by their tests; what becomes of a request, by these
 * and by the simulation of ensembles, which knows what each of them has to answer.
 *
 * How they are written and run: ../mutants.mjs. "Once real" is what the core did wrong before a
 * seed found it.
 */
const running = ["core/ensemble-scheduler", "core/ensembles", "core/ensembles.sim"];

export const mutants = {
  "core/ensemble-run.ts": {
    tests: running,
    mutants: [
      ["    for (const call of [...this.#calls]) call.cancel();\n", ""],
      [
        "if (taken === undefined) return;\n      this.#release(taken);",
        "if (taken === undefined) return;",
      ],
      [
        "    if (isFinal) this.#end(call);\n    if (this.#isOver) return;",
        "    if (this.#isOver) return;",
      ],
      [
        "const isResult = !step.isDecoupled || response.outputs.length > 0;",
        "const isResult = true;",
      ],
      ["isResult && this.#error === undefined;", "isResult;"],
      ["else if (!isFinal) call.credit(1);", ""],
      ["      this.#release(iteration);\n    }\n    this.#goOn();", "    }\n    this.#goOn();"],
      [
        "    if (this.#error === undefined) {\n      this.#error = error;",
        "    {\n      this.#error = error;",
      ],
      ["if (other.step.isDecoupled) other.cancel();", ";"],
      ["    call.iteration.openCount += 1;\n", ""],
      ["    this.#release(next);\n", ""],
      ["response.isShared === true || isPassedOn(", "isPassedOn("],
      [
        "response.isShared === true || isPassedOn(output, request.inputs, step.isDecoupled)",
        "response.isShared === true",
      ],
      ["        iteration.openCount += 1;\n        this.#ready.push", "        this.#ready.push"],
      ["    iteration.openCount += 1;\n    this.#complete.push", "    this.#complete.push"],
      ["if (iteration.missingOutputs > 0) return;", ""],
      ["    if (this.#isBusy) return;\n", "", "then calls are nested, and come to the same"],
      [
        "if (this.#isCrowded(next.step)) this.#waiting.push(next);\n      else this.#run(next);",
        "this.#run(next);",
      ],
      ["      if (isQuiet) this.#fail(this.#error);\n", "      this.#fail(this.#error);\n"],
      ["plan.isDecoupled || isQuiet ? this.#complete : [];", "this.#complete;"],
      ["isQuiet && this.#complete.length === 0);", "isQuiet);"],
      ["} else if (isQuiet) this.#respond(undefined, true);", "}"],
      ["if (call.step === step) count += 1;", "count += 1;"],
      ["return count >= this.#maxInflight;", "return count > this.#maxInflight;"],
      [
        "const options = { deadlineMs, isInternal: true, held };",
        "const options = { deadlineMs, held };",
      ],
      // Once real: an ensemble within one that was never idle went on with what it had.
      ["{ deadlineMs, isInternal: true, held };", "{ deadlineMs, isInternal: true };"],
      [
        "{ deadlineMs, isInternal: true, held };",
        "{ deadlineMs: Infinity, isInternal: true, held };",
      ],
      ["      call.fail(InferenceError.from(reason));\n", ""],
      ["value.isShared || plan.isShared[input.tensor] === true;", "value.isShared;"],
      ["value.isShared || steps.plan.isShared[output.tensor] === true;", "value.isShared;"],
      [
        "    if (isFinal) this.#isOver = true;\n    else if (iteration !== undefined) this.#untaken",
        "    if (iteration !== undefined) this.#untaken",
      ],
      ["const text = `in ensemble '", "const text = `in '"],
      ["this.#ready.push(...this.#waiting.splice(index, 1));", ";"],
      ["findIndex(({ step }) => step === call.step);", "findIndex(() => true);"],
      ["    this.#ready = [];\n    this.#waiting = [];\n", "    this.#ready = [];\n"],
      ["      maker?.credit(1);\n", ""],
      ["      closing = maker?.iteration;\n", "      closing = undefined;\n"],
      ["this.timing.computeMs += computeMs;", ""],
      [": plan.outputs.filter(({ name }) => requestedOutputs.includes(name));", ": plan.outputs;"],
    ],
  },
  "core/ensemble-parts.ts": {
    tests: running,
    mutants: [
      ["return missing === 0;", "return missing <= 1;"],
      [
        "    if (this.#hasEnded) return;\n    this.#hasEnded = isFinal;",
        "    this.#hasEnded = isFinal;",
        "no model answers after the end",
      ],
      ["    if (this.#isCancelled) pending.cancel();\n    else if", "    if"],
      ["    else if (this.#credit > 0) pending.credit(this.#credit);\n", ""],
      ["    this.#isCancelled = true;\n", ""],
      ["this.#credit += responseCount;", ";"],
    ],
  },
  "core/ensemble-values.ts": {
    tests: ["core/ensemble-values", ...running],
    mutants: [
      ["isBatching && matches(dims, shape)", "isBatching"],
      ["!isBatching && rows === 1 && ", "rows === 1 && "],
      ["!isBatching && rows === 1 && ", "!isBatching && "],
      ["  else if (!isBatching && rows === 1 && matches(dims, row)) handedShape = row;\n", ""],
      ["isShared ? { ...handedOn, isShared: true } : handedOn;", "handedOn;"],
      [
        "isStream ? inputs : inputs.filter(({ isShared }) => isShared === true);",
        "inputs.filter(({ isShared }) => isShared === true);",
      ],
      ["return isNone ? undefined : sequence;", "return sequence;"],
      ["idOf(id) ?? before?.id ?? 0n", "idOf(id) ?? 0n"],
    ],
  },
  "core/ensemble-scheduler.ts": {
    tests: running,
    mutants: [
      ["    if (held !== undefined) return held.key;\n", ""],
      // Once real: what a model had answered was kept when another had come.
      ["        number,\n        models.map(", "        0,\n        models.map("],
      ["models.map((model) => model.stepsKey()),", "[],"],
      ["keyOf(number, keys)", "keyOf(0, keys)"],
      ["keyOf(number, keys)", "keyOf(number, [])"],
      ["number: 1 + (known?.number ?? 0) };", "number: 1 };"],
      ["      for (const { model, held } of again.models) model.hold(held);\n", ""],
      ["    if (again !== undefined) {", "    if (false) {"],
      ["      letGoOf(models);\n      throw reason;", "      throw reason;"],
      ["if (isInternal ? this.#isClosed : this.#isDraining) {", "if (this.#isDraining) {"],
      ["if (isInternal ? this.#isClosed : this.#isDraining) {", "if (false) {"],
      ["steps = this.hold(held);", "steps = this.hold();"],
      ["    this.#runs.add(run);\n", ""],
      ["    letGoOf(run.fields.steps.models);\n", ""],
      ["if (this.#isDraining) this.#tellIfDrained();", ""],
      ["    if (this.#runs.size > 0) return;\n", ""],
      ["for (const run of [...this.#runs]) run.abort(error, error.reason);", ""],
      ["    if (bound.plan.isDecoupled !== config.isDecoupled) {", "    if (false) {"],
      [
        "  if (known?.models.every((model, index) => model === models[index])) return known;\n",
        "  if (known) return known;\n",
      ],
      ["  if (isDecoupled && cache !== undefined) {", "  if (false) {"],
      ["singleFlight: singleFlight && !isDecoupled };", "singleFlight };"],
      ["this.#bind().models.every((model) => model.isReady());", "this.#bind() !== undefined;"],
    ],
  },
  "core/ensemble-plan.ts": {
    tests: ["core/ensemble-plan", ...running],
    mutants: [
      ["if (givenLevels.size > 1) throw", "if (false) throw"],
      ["uses.length + (isGiven(given, tensor) ? 1 : 0) > 1;", "uses.length > 1;"],
      ["    else checkSame(", "    else if (false) checkSame("],
      [
        "model.maxBatchSize !== 0 && model.maxBatchSize < maxBatchSize",
        "model.maxBatchSize < maxBatchSize",
      ],
      [
        "model.maxBatchSize !== 0 && model.maxBatchSize < maxBatchSize",
        "model.maxBatchSize !== 0 && model.maxBatchSize <= maxBatchSize",
      ],
      [
        "requestedOutputs: isWhole ? [] : outputs.map((output) => output.name),",
        "requestedOutputs: [],",
      ],
      [
        "tensorCount: new Set(inputs.map(({ tensor }) => tensor)).size,",
        "tensorCount: inputs.length,",
      ],
      ["      if (input.isOptional) return [];\n", ""],
      ["if (others.some((other) => other !== level)) throw", "if (false) throw"],
      ["const nextLevel = step.isDecoupled ? levelCount : level;", "const nextLevel = level;"],
      ["levelCount += step.isDecoupled ? 1 : 0;", ""],
      ["return planned.sort((one, other) => one.index - other.index);", "return planned;"],
      ["  if (known.config.datatype !== other.config.datatype) {", "  if (false) {"],
      ["  if (matches(wholeDims(known), wholeDims(other))) return;\n", ""],
      ["size === -1 || other[index] === -1 || size === other[index]", "size === other[index]"],
      ["isDecoupled: planned.some(({ isDecoupled }) => isDecoupled),", "isDecoupled: false,"],
    ],
  },
  "core/ensemble-graph.ts": {
    tests: ["core/ensemble-plan", "core/config/config-mistakes"],
    mutants: [
      [
        "  if (!hasEnsembleScheduling) {\n    if (!isEnsemble) return undefined;",
        "  if (!hasEnsembleScheduling) {\n    return undefined;",
      ],
      ["  if (!isEnsemble) {\n", "  if (false) {\n"],
      ["if (config.instanceGroupCount > 0) return", "if (false) return"],
      ["if (config.hasOptimization) return", "if (false) return"],
      ["if (config.warmupCount > 0) return", "if (false) return"],
      ["if (steps.length === 0) return", "if (false) return"],
      ["if (inputMap.size === 0) return", "if (false) return"],
      ["if (outputMap.size === 0) return", "if (false) return"],
      ["      if (written.has(tensor)) {", "      if (false) {"],
      ["unreadInput(graph, tensors) ??", "undefined ??"],
      ["unwrittenOutput(graph, tensors) ??", "undefined ??"],
      ["unusedTensor(graph, tensors) ??", "undefined ??"],
      ["    rewrittenInput(graph, tensors)\n", "    undefined\n"],
      ["tensor.sources.every((name)", "tensor.sources.some((name)"],
      [
        "if (given.has(name) || (isThere && isRead)) continue;",
        "if (given.has(name) || isThere) continue;",
      ],
      [
        "if (given.has(name) || (isThere && isRead)) continue;",
        "if (given.has(name) || isRead) continue;",
      ],
      ["if (given.has(name) || (isThere && isRead)) continue;", "if (isThere && isRead) continue;"],
    ],
  },
  "core/ensemble-waits.ts": {
    tests: ["core/ensemble-waits", "core/ensembles"],
    mutants: [
      [
        "const awaited = streams.length === 0 ? [] : stepsAfter(step, steps);",
        "const awaited = steps;",
      ],
      ["      { waiter: config, awaited: model },\n", ""],
      ["      follow(next);\n", ""],
      ["    if (path === undefined) continue;\n", "    continue;\n"],
      ["...others.flatMap((other) => waitsOf(other, find))", ""],
      [
        "if (config.ensemble === undefined) return config.isDecoupled ? [config] : [];",
        "if (config.ensemble === undefined) return [config];",
      ],
      ["return model === undefined ? [] : streamsIn(model, find);", "return [];"],
    ],
  },
  "core/ensemble-models.ts": {
    tests: ["core/ensembles", "core/ensemble-waits"],
    mutants: [
      ["  if (closing !== undefined) {", "  if (false) {"],
      ["  await unlessAborted(Promise.allSettled(loading), signal);\n", ""],
      ["  if (unknown.length > 0) {", "  if (false) {"],
      ["    if (loaded.length === 0) {", "    if (false) {"],
      [
        "    if (loaded.some(({ version }) => version === modelVersion)) continue;\n",
        "    continue;\n",
      ],
      ["    if (loaded.some(({ version }) => version === modelVersion)) continue;\n", ""],
      ['signal.addEventListener("abort", giveUp, { once: true });', ""],
      ["one.name !== name || one.version !== version;", "true;"],
      ["return [...stepNames, ...steps.map(({ modelName }) => modelName)];", "return stepNames;"],
    ],
  },
};
