/**
 * One model's folder of a repository, looked at as a load would, without one: its configuration is
 * read and completed, the graphs of the versions that would be served are described.
 *
 * A load stops at the first stage that finds something; here all stages are gone through as far as
 * they can be.
 *
 * Not here: what an ensemble's models say of it (checked-ensembles.ts).
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { completeBackend, ensemblePlatform } from "../core/config/complete-backend.ts";
import type { Graph } from "../core/config/complete-from-graph.ts";
import { findRefusedFields } from "../core/config/config-support.ts";
import { findPollingMistakes } from "../core/config/polling-mistakes.ts";
import { loadedConfig } from "../core/config/prepare-config.ts";
import { servingConfig } from "../core/config/serving-config.ts";
import { chooseVersions, noVersion } from "../core/config/version-policy.ts";
import { surroundingMistake } from "../core/ensemble-graph.ts";
import type { ModelConfig } from "../core/model-config.ts";
import { exampleBackends } from "../executor/example-source.ts";
import { InferenceError } from "../protocol/errors.ts";
import type { WrittenConfig } from "../protocol/written-config.ts";
import { readConfigText } from "../server/repository/config-text.ts";
import { modelFileWithin } from "../server/repository/model-file.ts";
import type { ModelFolder } from "../server/repository/model-folders.ts";
import { fileWithin } from "../server/repository/within.ts";
import { checkModule } from "./checked-module.ts";
import { type Finding, fieldOf, lineOf } from "./findings.ts";
import { configFields, instanceCount, type Linted, lintsOf, optionFields } from "./lints.ts";
import type { OnnxGraphs } from "./onnx-graphs.ts";

export interface CheckedModel {
  readonly name: string;
  /** That are there; of a model in code the one that it is. */
  readonly versions: readonly number[];
  readonly served: readonly number[];
  /** Of the highest version that would be served. */
  readonly config: ModelConfig;
  readonly instances: number;
  /** That the instances of one version compute with. */
  readonly threads: number;
  /** The files of all versions that would be served, once; undefined: it is code. */
  readonly weightBytes: number | undefined;
  /** For each instance once. */
  readonly memoryBytes: number | undefined;
}

export interface CheckOptions {
  readonly graphs: OnnxGraphs;
  readonly cores: number;
}

/** That run models of a repository: executor/repository-source.ts has one branch for each. */
const servedBackends: readonly string[] = ["onnxruntime", "function", ...exampleBackends];

const defaultMaxBatchSize = 4;
const configFile = "config.pbtxt";

/** One at a time: findings are gathered while it looks. */
export class FolderCheck {
  readonly findings: Finding[] = [];
  readonly #folder: ModelFolder;
  /** How the user calls the folder. */
  readonly #shown: string;
  readonly #options: CheckOptions;
  #text = "";
  #file: string;

  constructor(folder: ModelFolder, shown: string, options: CheckOptions) {
    this.#folder = folder;
    this.#shown = shown;
    this.#options = options;
    this.#file = shown;
  }

  /** Undefined: it would not be served. */
  async run(): Promise<CheckedModel | undefined> {
    const { name, versions } = this.#folder;
    const entries = await readdir(this.#folder.path);
    this.#lintNames(entries);
    const written = await this.#readConfig(entries);
    if (written === undefined) return undefined;
    const polled = completeBackend(written, await this.#filesOf(versions.at(-1)));
    const polling = [...findPollingMistakes(polled, name), ...findRefusedFields(polled, name)];
    for (const mistake of polling) this.#add("mistake", mistake);
    const served = this.#chooseVersions(polled);
    await this.#checkFiles(polled);
    if (polled.platform === ensemblePlatform) this.#checkEnsemble(polled);
    const model = await this.#checkVersions(polled, served);
    return this.findings.some(({ level }) => level === "mistake") ? undefined : model;
  }

  async #readConfig(entries: readonly string[]): Promise<WrittenConfig | undefined> {
    if (!entries.includes(configFile)) return {};
    this.#file = join(this.#shown, configFile);
    const { path: folder } = this.#folder;
    try {
      const path = await fileWithin({ what: "configuration", folder, name: configFile });
      const bytes = await readFile(path);
      this.#text = new TextDecoder().decode(bytes);
      return readConfigText(bytes, this.#file);
    } catch (error) {
      this.#addTextFault(messageOf(error));
      return undefined;
    }
  }

  #addTextFault(message: string): void {
    const prefix = `failed to read text proto from ${this.#file}: `;
    const own = message.startsWith(prefix) ? message.slice(prefix.length) : message;
    const [, line, column, rest] = /^line (\d+), column (\d+): (.*)$/s.exec(own) ?? [];
    const { name: model } = this.#folder;
    this.findings.push({
      level: "mistake",
      model,
      file: this.#file,
      ...(line !== undefined && { line: Number(line), column: Number(column) }),
      field: /'(\w+)'/.exec(rest ?? "")?.[1],
      message: rest ?? own,
    });
  }

  #lintNames(entries: readonly string[]): void {
    const near = entries.filter((entry) => /^(0\d*|v\d+)$/.test(entry));
    for (const entry of near) {
      const why = "a version is a positive integer without leading zeros";
      this.#add(
        "warning",
        `'${entry}' is passed over: ${why}`,
        undefined,
        join(this.#shown, entry),
      );
    }
  }

  async #filesOf(version: number | undefined): Promise<readonly string[]> {
    return version === undefined ? [] : await readdir(join(this.#folder.path, String(version)));
  }

  #chooseVersions(polled: WrittenConfig): readonly number[] {
    const { name, versions: available } = this.#folder;
    const { versions, missing } = chooseVersions(polled.version_policy ?? {}, available);
    if (versions.length === 0) this.#add("mistake", noVersion(name), "version_policy");
    if (missing.length > 0) {
      const message = `${versionsText(missing)} asked for by number, and not there`;
      this.#add("warning", message, "version_policy");
    }
    const others = available.filter((version) => !versions.includes(version));
    if (versions.length > 0 && others.length > 0) {
      const message = `${versionsText(others)} there, and not allowed by the version policy`;
      this.#add("warning", message, "version_policy");
    }
    return versions;
  }

  /** Those that the configuration names. */
  async #checkFiles({ output = [], model_warmup = [] }: WrittenConfig): Promise<void> {
    const { path } = this.#folder;
    const labels = output.flatMap(({ label_filename: name = "" }) => {
      return name === "" ? [] : [{ what: "label file", folder: path, name }];
    });
    const warmups = model_warmup.flatMap(({ inputs = {} }) =>
      Object.values(inputs).flatMap(({ input_data_file: name }) => {
        const folder = join(path, "warmup");
        return name === undefined ? [] : [{ what: "warm-up file", folder, name }];
      }),
    );
    for (const named of [...labels, ...warmups]) {
      await fileWithin(named).catch((error: unknown) => this.#add("mistake", messageOf(error)));
    }
  }

  #checkEnsemble(polled: WrittenConfig): void {
    const mistake = surroundingMistake({
      name: this.#folder.name,
      platform: polled.platform ?? "",
      hasEnsembleScheduling: polled.ensemble_scheduling !== undefined,
      instanceGroupCount: polled.instance_group?.length ?? 0,
      hasOptimization: polled.optimization !== undefined,
      warmupCount: polled.model_warmup?.length ?? 0,
    });
    if (mistake !== undefined) this.#add("mistake", mistake, "ensemble_scheduling");
  }

  async #checkVersions(
    polled: WrittenConfig,
    served: readonly number[],
  ): Promise<CheckedModel | undefined> {
    let last: Loadable | undefined;
    let size = 0;
    // Mistakes of a configuration show without any version.
    if (served.length === 0) this.#prepare(polled, undefined, undefined);
    for (const version of served) {
      last = (await this.#checkVersion(polled, version)) ?? last;
      if (isOnnx(polled)) size += await this.#sizeOf(version);
    }
    if (last === undefined) return undefined;
    const { name, versions } = this.#folder;
    const weightBytes = polled.backend === "function" ? undefined : size;
    const memoryBytes = weightBytes && weightBytes * last.instances;
    return { name, versions, served, ...last, weightBytes, memoryBytes };
  }

  async #checkVersion(polled: WrittenConfig, version: number): Promise<Loadable | undefined> {
    if (polled.backend === "function") return await this.#prepareModule(polled, version);
    return this.#prepare(polled, version, await this.#graphOf(polled, version));
  }

  async #graphOf(polled: WrittenConfig, version: number): Promise<Graph | undefined> {
    if (!isOnnx(polled)) return undefined;
    const name = polled.default_model_filename ?? "model.onnx";
    const shown = join(this.#shown, String(version), name);
    try {
      const folder = join(this.#folder.path, String(version));
      return await this.#options.graphs.read(await modelFileWithin(folder, name));
    } catch (error) {
      this.#add("mistake", messageOf(error), undefined, shown);
      return undefined;
    }
  }

  #prepare(
    polled: WrittenConfig,
    version: number | undefined,
    graph: Graph | undefined,
  ): Loadable | undefined {
    const { name } = this.#folder;
    const machine = { gpus: undefined, backends: servedBackends };
    const completion = { completes: true, defaultMaxBatchSize, defaultInstanceCount: 1 };
    try {
      const prepared = loadedConfig(polled, { name, graph, machine, ...completion });
      for (const warning of prepared.warnings) this.#addWarning(warning);
      const config = servingConfig(prepared.config, {
        version: version ?? 1,
        warmupFile: (file) => join(this.#folder.path, "warmup", file),
      });
      const instances = Math.max(0, instanceCount(config));
      const threads = instances * this.#threadsOf(polled, instances);
      this.#addLints({
        config,
        fields: configFields,
        asksForBatches: polled.dynamic_batching !== undefined,
        shapes: graph === undefined ? [] : [...graph.inputs, ...graph.outputs],
        threads,
        cores: this.#options.cores,
      });
      return { config, instances, threads };
    } catch (error) {
      for (const line of messageOf(error).split("\n")) this.#add("mistake", line);
      return undefined;
    }
  }

  async #prepareModule(polled: WrittenConfig, version: number): Promise<Loadable | undefined> {
    const { cores } = this.#options;
    const warn = (warning: string): void => this.#addWarning(warning);
    try {
      const module = { folder: this.#folder, version, polled, cores, warn };
      const { asksForBatches, ...checked } = await checkModule(module);
      const { config, threads } = checked;
      this.#addLints({ config, fields: optionFields, asksForBatches, shapes: [], threads, cores });
      return checked;
    } catch (error) {
      const module = join(this.#shown, String(version), polled.default_model_filename ?? "");
      for (const line of messageOf(error).split("\n")) {
        const isOfConfig = this.#text !== "" && fieldOf(line) !== undefined;
        this.#add("mistake", line, fieldOf(line), isOfConfig ? this.#file : module);
      }
      return undefined;
    }
  }

  #addLints(linted: Linted): void {
    for (const { field, message } of lintsOf(linted)) this.#add("warning", message, field);
  }

  /** The server's log has them with the model's name in front. */
  #addWarning(warning: string): void {
    const [, fields] = /^model '.*': of no effect in this server: (.*)$/s.exec(warning) ?? [];
    if (fields === undefined) this.#add("warning", warning, "dynamic_batching");
    for (const field of fields?.split(", ") ?? []) {
      this.#add("warning", "of no effect in this server", field);
    }
  }

  /** Of each; an ensemble has no instances. */
  #threadsOf(polled: WrittenConfig, instances: number): number {
    if (!isOnnx(polled) || instances === 0) return 1;
    const { parameters = {} } = polled;
    const asked = Number(parameters["intra_op_thread_count"]?.string_value ?? 0);
    return asked > 0 ? asked : Math.max(1, Math.floor(this.#options.cores / instances));
  }

  async #sizeOf(version: number): Promise<number> {
    const folder = join(this.#folder.path, String(version));
    const names = await readdir(folder, { recursive: true });
    const sizes = await Promise.all(
      names.map(async (name) => {
        const found = await stat(join(folder, name)).catch(() => undefined);
        return found?.isFile() === true ? found.size : 0;
      }),
    );
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  /** Each once: what is wrong with a configuration is so for each version. */
  #add(
    level: Finding["level"],
    message: string,
    field = fieldOf(message),
    file = this.#file,
  ): void {
    if (this.findings.some((finding) => finding.message === message && finding.field === field)) {
      return;
    }
    const line = field === undefined || file !== this.#file ? undefined : lineOf(field, this.#text);
    this.findings.push({ level, model: this.#folder.name, file, line, field, message });
  }
}

/** What of a version is known that would be served. */
interface Loadable {
  readonly config: ModelConfig;
  readonly instances: number;
  readonly threads: number;
}

function isOnnx({ backend }: WrittenConfig): boolean {
  return backend === "onnxruntime";
}

function versionsText(versions: readonly number[]): string {
  const [only, ...others] = versions;
  return others.length === 0 ? `version ${only} is` : `versions ${versions.join(", ")} are`;
}

function messageOf(error: unknown): string {
  if (error instanceof InferenceError) return error.message;
  if (error instanceof Error && "syscall" in error) return error.message;
  throw error;
}
