/**
 * Mutants of model repositories: what completes a configuration and what is wrong with one, what is
 * within a folder and what a client may write, which models are loaded and what the index says; and
 * of restrictions, which close endpoints.
 *
 * How they are written and run: ../mutants.mjs.
 */
const completing = ["core/config/complete-config", "core/config/prepare-config"];
const mistakes = ["core/config/config-mistakes"];
const control = [
  "server/repository/uploads",
  "server/repository/model-control",
  "server/repository/repository-index",
  "server/repository/model-repository",
  "server/repository/ensembles",
];

export const mutants = {
  // What comes together with others; the simulation replaces one at a time.
  "core/model-loads.ts": {
    tests: ["core/replacing"],
    mutants: [
      ["if (signal.aborted) throw fail(signal.reason);", ""],
      ["if (!signal.aborted) this.retire(entry, model);", ""],
      ["          entry.replacement = undefined;\n          if (!signal", "          if (!signal"],
    ],
  },
  "core/config/complete-from-graph.ts": {
    tests: completing,
    mutants: [
      ["written.input !== undefined && written.output", "written.output"],
      [
        "written.input !== undefined && written.output !== undefined",
        "written.input !== undefined",
      ],
      [".every(({ shape }) => shape[0] === -1);", ".some(({ shape }) => shape[0] === -1);"],
      ["[...graph.inputs, ...graph.outputs].every(", "graph.inputs.every("],
      ["  if (!canBatch && asked > 0) {", "  if (false) {"],
      [
        "canBatch && asked === 0 ? defaultMaxBatchSize : asked;",
        "asked === 0 ? defaultMaxBatchSize : asked;",
      ],
      [
        "canBatch && asked === 0 ? defaultMaxBatchSize : asked;",
        "canBatch ? defaultMaxBatchSize : asked;",
      ],
      [
        "dynamic_batching !== undefined || sequence_batching !== undefined;",
        "dynamic_batching !== undefined;",
      ],
      [
        "canBatch && maxBatchSize > 1 && !isScheduled;",
        "canBatch && maxBatchSize > 0 && !isScheduled;",
      ],
      ["canBatch && maxBatchSize > 1 && !isScheduled;", "canBatch && maxBatchSize > 1;"],
      ["describe(tensor, maxBatchSize > 0)", "describe(tensor, false)"],
      ["input: written.input ?? tensors(graph.inputs),", "input: tensors(graph.inputs),"],
      ["output: written.output ?? tensors(graph.outputs),", "output: tensors(graph.outputs),"],
      ["dims: [1], ...(batches && { reshape: { shape: [] } }) };", "dims: [1] };"],
      ["...(batches && { reshape: { shape: [] } })", "reshape: { shape: [] }"],
    ],
  },
  "core/config/complete-backend.ts": {
    tests: completing,
    mutants: [
      ["  if (platform === ensemblePlatform) return config;\n", ""],
      ['platform === "" && backend === "" && file === "";', 'platform === "" && backend === "";'],
      ['    backend === "" &&\n', ""],
      ["file === onnxFile || (isOpen", "(isOpen"],
      ["if (isOnnx || backend === onnxBackend) {", "if (isOnnx) {"],
      ["if (isOnnx || backend === onnxBackend) {", "if (backend === onnxBackend) {"],
      ["default_model_filename: file || onnxFile,", "default_model_filename: onnxFile,"],
      ["isOpen && functionFile !== undefined;", "functionFile !== undefined;"],
      [
        "if (!isFunction && backend !== functionBackend) return config;",
        "if (!isFunction) return config;",
      ],
    ],
  },
  "core/config/graph-mistakes.ts": {
    tests: mistakes,
    mutants: [
      ["...(expected === provided\n", "...(true\n"],
      ['    ...tensorMistakes("output", output, graph.outputs, config),\n', ""],
      ["...(isBatching ? optional : [])", "...optional"],
      ["...(isBatching ? optional : [])", "...[]"],
      [".map(({ name }) => name).sort();", ".map(({ name }) => name);"],
      ["return isType ? shape : [wrongType, ...shape];", "return shape;"],
      ["if (isBatching && provided[0] !== -1) {", "if (false) {"],
      ["reshape === undefined ? dims : (reshape.shape ?? []);", "dims;"],
      ["isBatching ? [-1, ...explicit] : explicit;", "explicit;"],
      ["provided.length === 0 ? [1] : provided;", "provided;"],
      ["own.length === whole.length && own.every(", "own.every("],
      ["size === -1 || size === whole[at]", "size === whole[at]"],
    ],
  },
  "core/config/normalise-config.ts": {
    tests: completing,
    mutants: [
      ["isLatest ? { latest: { num_versions: 1 } } : version_policy,", "version_policy,"],
      [
        "if (batching.preferred_batch_size !== undefined || maxBatchSize <= 0) return batching;",
        "return batching;",
      ],
      [
        "batching.preferred_batch_size !== undefined || maxBatchSize <= 0",
        "batching.preferred_batch_size !== undefined",
      ],
      ["...(oldest && { oldest: withSizes(oldest, maxBatchSize) }),", ""],
      ["idle || defaultIdleMicroseconds", "idle"],
      [
        "isEnsemble ? (config.instance_group ?? []) : instanceGroups(config, options)",
        "instanceGroups(config, options)",
      ],
      ["    ...optimization,\n", ""],
      ['asked === "KIND_AUTO" ? auto : asked;', "auto;"],
      ['gpus.length > 0 ? "KIND_GPU" : "KIND_CPU";', '"KIND_CPU";'],
      ["count: count < 1 ? defaultInstanceCount : count,", "count,"],
      ["{ gpus: group.gpus ?? gpus }", "{ gpus }"],
    ],
  },
  "core/config/version-policy.ts": {
    tests: [...completing, "server/repository/model-repository", "server/repository/model-control"],
    mutants: [
      [".sort((one, other) => one - other);", ".sort();"],
      ["if (policy.all !== undefined) return", "if (false) return"],
      ["ascending.filter((version) => asked.has(version)),", "ascending,"],
      ["policy.latest?.num_versions || 1;", "1;"],
      ["ascending.slice(-count)", "ascending.slice(0, count)"],
    ],
  },
  "core/config/config-support.ts": {
    tests: [...mistakes, "core/config/prepare-config"],
    mutants: [
      ["return status === wanted && valuesAt", "return valuesAt"],
      [
        "if (Array.isArray(value)) return value.flatMap((each: unknown) => valuesAt(each, path));\n",
        "",
      ],
      ["    if (ordinary !== undefined) return value !== ordinary;\n", ""],
      ["|| firstNames.has(value);", ";"],
      ["    return !isDefault;\n", "    return true;\n"],
    ],
  },
  "core/config/prepare-config.ts": {
    tests: ["core/config/prepare-config", "core/config/complete-config"],
    mutants: [
      [
        "model.completes ? completeBackend(written, model.files) : written;",
        "completeBackend(written, model.files);",
      ],
      ["    ...findRefusedFields(config, model.name),\n", ""],
      ["graph !== undefined && model.completes\n", "graph !== undefined\n"],
      ["own.length > 0 || graph === undefined ? own : findGraphMistakes(config, graph);", "own;"],
      ["rows > 1 && dynamic_batching", "rows > 0 && dynamic_batching"],
      ["isUnbatched && config.ensemble_scheduling === undefined", "isUnbatched"],
    ],
  },
  "server/repository/within.ts": {
    tests: ["server/repository/within", "server/repository/model-folders"],
    mutants: [
      ["if (!found.isFile()) throw wrong", "if (false) throw wrong"],
      ["if (found.size <= maxBytes) return path;", "return path;"],
      ["if (found.isFile() || found.isDirectory()) return path;", "return path;"],
      [
        "if (found.isFile() || found.isDirectory()) return path;",
        "if (found.isFile()) return path;",
      ],
      ["  if (isTooLong) throw", "  if (false) throw"],
      ["    Buffer.byteLength(name) > mostBytes ||\n", ""],
      ["parts.some((part) => Buffer.byteLength(part) > mostPartBytes);", "false;"],
      ["Buffer.byteLength(part) > mostPartBytes", "part.length > mostPartBytes"],
      ['name === "" || ', ""],
      [" || /[\\0\\\\]/.test(name)) throw", ") throw"],
      ["isAbsolute(name) || ", ""],
      [" || /^[a-z]:/i.test(name)) {", ") {"],
      ['normal === "." || ', ""],
      ['normal === ".." || ', ""],
      [" || normal.startsWith(`..", " || false && normal.startsWith(`.."],
      ["return path === folder || path", "return path"],
      ["folder.endsWith(sep) ? folder : folder + sep", "folder"],
      ["if (isWithin(real, folder)) return real;", "return real;"],
      [
        'return new InferenceError("INVALID_ARGUMENT", named.outside);',
        'return wrong(named, "is outside its folder");',
      ],
      ["name.length > 80 ? ", "false ? "],
    ],
  },
  "server/repository/uploads.ts": {
    tests: ["server/repository/uploads", "server/repository/model-control"],
    mutants: [
      ["    await removeUpload(folder);\n", ""],
      ['{ flag: "wx" }', '{ flag: "w" }'],
      ["    await mkdir(dirname(path), { recursive: true });\n", ""],
      [
        'return nameWithin({ what: "file parameter", folder, name });',
        "return join(folder, name);",
      ],
    ],
  },
  "server/repository/model-folders.ts": {
    tests: ["server/repository/model-folders", "server/repository/model-repository"],
    mutants: [
      ["folders.has(name) ? twice : folder", "folder"],
      ["if ((await stat(root)).isDirectory()) return root;", "return root;"],
      ["/^[1-9]\\d*$/.test(entry.name) && ", ""],
      ["/^[1-9]\\d*$/", "/^\\d+$/"],
      ["isVersion && (await folderOf(entry, root)) !== undefined;", "isVersion;"],
      ['  if (entry.name.startsWith(".")) return undefined;\n', ""],
      ["  if (!entry.isSymbolicLink()) return undefined;\n", "  return undefined;\n"],
      [
        "isWithin(real, root) && (await stat(real)).isDirectory() ? real : undefined;",
        "(await stat(real)).isDirectory() ? real : undefined;",
      ],
      [
        "isWithin(real, root) && (await stat(real)).isDirectory() ? real : undefined;",
        "isWithin(real, root) ? real : undefined;",
      ],
      [
        "return versions.flat().sort((one, other) => one - other);",
        "return versions.flat().sort();",
      ],
    ],
  },
  "server/repository/folder-state.ts": {
    tests: ["server/repository/folder-state", "server/repository/model-control"],
    mutants: [
      [
        "if (entry.isDirectory()) return JSON.stringify([name]);",
        'if (entry.isDirectory()) return "";',
      ],
      ["return [size, mtimeMs, ino];", "return [size, ino];"],
      ["return [size, mtimeMs, ino];", "return [size, mtimeMs];"],
      ["JSON.stringify([name, own]);", "JSON.stringify([own]);"],
      ["if (!entry.isSymbolicLink()) return", "if (true) return"],
      [
        'const meant = entries.filter((entry) => isMeant(nameOf(entry).split(sep, 1)[0] ?? ""));',
        "const meant = entries;",
      ],
      ["lines.sort().join", "lines.join", "file systems mostly list names in one order"],
    ],
  },
  "server/repository/polled-folder.ts": {
    tests: control,
    mutants: [
      ["if (versions.length === 0) throw loadFailure(name, noVersion(name));", ""],
      [
        "override === undefined ? await readConfig(path, configName) : readConfigJson(override);",
        "await readConfig(path, configName);",
      ],
      ['  if (name === "") {', "  if (false) {"],
      [' && name !== ".."', ""],
      [' && name !== ".") return', ") return"],
      ["!/[/\\\\\\0]/.test(name) && ", ""],
    ],
  },
  "server/repository/model-repository.ts": {
    tests: control,
    mutants: [
      ["asked.includes(name) ? missing : undefined);", "undefined);"],
      ["checkName(name);", ""],
      ["if (!dependents) return;", ""],
      ["if (!dependents) return;", "return;"],
      ["steps.filter((step) => this.#isUnused(step));", "steps;"],
      ["isAsked === false && ", "isAsked !== undefined && "],
      [" && !needing.flat().includes(step);", ";"],
      [
        "[...this.#needed.values(), ...[...this.#loaded.values()].map(stepsOf)];",
        "[...this.#needed.values()];",
      ],
      ["upload === undefined ? undefined : removeUpload(upload)", "undefined"],
      ["    this.#loaded.delete(name);\n", ""],
      ["    this.#failures.delete(name);\n    this.#versions.forget", "    this.#versions.forget"],
      ['if (failure === undefined) return { ...entry, state: "UNKNOWN", reason: "" };', ""],
      ["served.map(({ name }) => name));", "[]);"],
      ["if (config === undefined) {", "if (false) {"],
      ["const isSent = this.#loaded.get(name)?.upload !== undefined;", "const isSent = false;"],
      ["if (before?.upload !== undefined) this.#beginUnload(name);", ""],
      ["isSame ? before.override : undefined", "undefined"],
      ["isSame ? before.override : undefined", "before?.override"],
      [
        "before?.state === state && upload === undefined;",
        "before?.state === state;",
        "files that were just written have numbers and times of their own",
      ],
      ["await this.#stepLoads.ended(name, steps, loading.loadStep);", ""],
      ["      if (upload !== undefined) await removeUpload(upload);\n", ""],
      ["    if (before?.upload !== undefined) await removeUpload(before.upload);\n", ""],
      ["loading.isAsked || before?.isAsked === true;", "loading.isAsked;"],
      ["loading.isAsked || before?.isAsked === true;", "true;"],
      ["this.#failures.set(name, InferenceError.from(error));", ";"],
    ],
  },
  "server/repository/load-together.ts": {
    tests: ["server/repository/load-together", "server/repository/model-control"],
    mutants: [
      ["if (failures.length > 0) {", "if (false) {"],
      ["await Promise.all(prepared.map((each) => each.discard()));", ""],
      ["for (const each of prepared) each.commit();", ""],
    ],
  },
  "server/repository/version-loads.ts": {
    tests: [...control, "server/repository/load-together"],
    mutants: [
      ["ready.includes(version) ? known.get(version) : undefined;", "known.get(version);"],
      ["ready.includes(version) ? known.get(version) : undefined;", "undefined;"],
      // That only so many load at a time is shown by test/server/loads-under-traffic.test.ts.
      ["for (const [version, now] of parts) known.set(version, now);", ""],
      ["      known.delete(version);\n", "", "whoever does not serve is loaded, whatever he was"],
      ["    this.#unloadOthers(folder, known);\n", ""],
      ["    this.#parts.delete(name);\n", "", "whoever does not serve is loaded, whatever he was"],
      ["if (isLeaving) await core.unload(name, version);", ""],
      ['    if (change === "none") return unchanged;\n', ""],
      ["discard: () => core.resize(before).catch(() => {})", "discard: async () => {}"],
      [
        'before && change === "inPlace" ? await this.#inPlace(given, before) : undefined;',
        "undefined;",
      ],
      ["    await core.resize(config);\n", ""],
      ["left = retryCount; left > 0;", "left = retryCount; left > 1;"],
      ['entry.name === name && entry.state === "READY"', "entry.name === name"],
      ['entry.name === name && entry.state === "READY"', 'entry.state === "READY"'],
    ],
  },
  "core/instance-pool.ts": {
    tests: ["core/resizing"],
    mutants: [
      [
        "    if (this.#joining !== undefined) {\n      const why",
        "    if (false) {\n      const why",
      ],
      ["return !one.isStopping && ", "return "],
      [" && this.#passive.has(one) === isPassive;", ";"],
      ["Math.max(0, wanted - present.length);", "wanted;"],
      ["    if (added.length > 0) await this.#join(added);\n", ""],
      [
        "Number(other.isReady) - Number(one.isReady)",
        "Number(one.isReady) - Number(other.isReady)",
      ],
      ["sorted.slice(wanted)) this.#release(supervisor);", "sorted.slice(wanted)) ;"],
      ["    this.#endJoining(error);\n    return new Promise", "    return new Promise"],
      [
        "this.#joining?.loading.delete(supervisor) && this.#joining.loading.size === 0",
        "this.#joining?.loading.delete(supervisor)",
      ],
      ["    if (this.#joining?.loading.has(supervisor)) {\n", "    if (false) {\n"],
      ["if (this.#joining?.loading.has(supervisor)) this.#endJoining(error);", "if (false) ;"],
      ["    this.#joining = undefined;\n", ""],
      [
        "if (error !== undefined) for (const supervisor of joining.added) this.#release(supervisor);",
        "",
      ],
      [
        "    this.#free = this.#free.filter((free) => free !== supervisor);\n    supervisor.stop();",
        "    supervisor.stop();",
      ],
    ],
  },
  "server/repository/version-parts.ts": {
    tests: ["server/repository/model-control"],
    mutants: [
      ["before.state !== now.state) return", "false) return"],
      ['if (isDeepStrictEqual(before.config, now.config)) return "none";\n', ""],
      ['? "inPlace" : "all";', '? "all" : "all";'],
      [
        "return isDeepStrictEqual(fixedFields(before.config), fixedFields(now.config)) ?",
        "return true ?",
      ],
      ["folderState(path, isOfAllVersions);", "folderState(path);"],
      ["await folderState(join(path, String(version)));", "version;"],
    ],
  },
  "frontends/restrictions.ts": {
    tests: ["frontends/restrictions"],
    mutants: [
      ["key: header.toLowerCase(),", "key: header,"],
      ["digest: digestOf(token),", "digest: Buffer.from(token),"],
      ["return this.#locks.size === 0;", "return false;"],
      ["locks.some(({ takesBearer }) => takesBearer) ? [authorization] : [];", "[authorization];"],
      ["locks.some(({ takesBearer }) => takesBearer) ? [authorization] : [];", "[];"],
      [
        "lock === undefined || opens(lock, read) ? undefined : lock.header;",
        "lock === undefined ? undefined : lock.header;",
      ],
      ["lock === undefined || opens(lock, read) ? undefined : lock.header;", "undefined;"],
      ["takesBearer ? /^Bearer", "true ? /^Bearer"],
      ["/^Bearer +(.*)$/i.exec", "/^Bearer +(.*)$/.exec"],
      ["/^Bearer +(.*)$/i.exec", "/^(?:Bearer +)?(.*)$/i.exec"],
      ["return isToken(bearer, digest) || isOwn;", "return isToken(bearer, digest);"],
      ["return isToken(bearer, digest) || isOwn;", "return isOwn;"],
      ["given !== undefined && timingSafeEqual(digestOf(given), digest);", "given !== undefined;"],
    ],
  },
};
