/**
 * What there is to ask and tell a server beside inference: for each question its call of gRPC, the
 * message, and how the answer becomes that of HTTP.
 */
import type { inference } from "../protocol/generated/messages.js";
import type { JsonObject, ModelTarget, Question } from "./connection.ts";
import { messageJson } from "./grpc-json.ts";
import { isFields } from "./infer-answer.ts";

/** Messages are named after their call. */
type CallName = {
  [Name in keyof typeof inference]: Name extends `${infer Call}Response`
    ? `${Call}Request` extends keyof typeof inference
      ? Call
      : never
    : never;
}[keyof typeof inference];

export interface QuestionCall {
  readonly name: CallName;
  readonly request: object;
  read(answer: object): unknown;
}

export function callOf(question: Question): QuestionCall {
  switch (question.what) {
    case "live":
      return call("ServerLive", {}, ({ live }) => live);
    case "ready":
      return call("ServerReady", {}, ({ ready }) => ready);
    case "modelReady":
      return call("ModelReady", named(question.target), ({ ready }) => ready);
    case "metadata":
      return call("ServerMetadata", {}, messageJson);
    case "modelMetadata":
      return call("ModelMetadata", named(question.target), messageJson);
    case "config":
      return call("ModelConfig", named(question.target), ({ config }) => messageJson(config ?? {}));
    case "statistics":
      return call("ModelStatistics", question.target ? named(question.target) : {}, messageJson);
    default:
      return managementCall(question);
  }
}

type Management = Extract<Question, { readonly name?: string }>;

function managementCall(question: Management): QuestionCall {
  const { what, name = "" } = question;
  const body = "body" in question ? question.body : undefined;
  switch (what) {
    case "index":
      return call("RepositoryIndex", { ready: body?.["ready"] === true }, ({ models }) => {
        return models.map((model) => filled(messageJson(model)));
      });
    case "load":
      return call(
        "RepositoryModelLoad",
        { modelName: name, ...repositoryParameters(body) },
        nothing,
      );
    case "unload":
      return call(
        "RepositoryModelUnload",
        { modelName: name, ...repositoryParameters(body) },
        nothing,
      );
    case "logging":
      return call("LogSettings", { settings: mapped(body, toLogSetting) }, ({ settings }) => {
        return mapped(settings, fromLogSetting);
      });
    case "trace":
      return call(
        "TraceSetting",
        { modelName: name, settings: mapped(body, toTraceSetting) },
        ({ settings }) => mapped(settings, fromTraceSetting),
      );
    case "register":
      return call("SystemSharedMemoryRegister", { name, ...regionFields(body) }, nothing);
    case "unregister":
      return call("SystemSharedMemoryUnregister", { name }, nothing);
    default:
      return call("SystemSharedMemoryStatus", { name }, ({ regions }) => {
        return Object.values(regions).map(messageJson);
      });
  }
}

function call<Name extends CallName>(
  name: Name,
  request: object,
  read: (answer: InstanceType<(typeof inference)[`${Name}Response`]>) => unknown,
): QuestionCall {
  return { name, request, read: read as QuestionCall["read"] };
}

function nothing(): undefined {
  return undefined;
}

function named({ name, version }: ModelTarget): object {
  return { name, version: version === undefined ? "" : String(version) };
}

/** Over HTTP, what a model that is not loaded does not have is left out. */
function filled(entry: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(entry).filter(([name, value]) => name === "name" || value !== ""),
  );
}

function mapped<From, To>(
  map: Readonly<Record<string, From>> | undefined,
  change: (value: From, name: string) => To,
): Record<string, To> {
  const entries = Object.entries(map ?? {}).map(([name, value]) => [name, change(value, name)]);
  return Object.fromEntries(entries) as Record<string, To>;
}

/** Files are base64 in JSON. */
function repositoryParameters(body: JsonObject | undefined): object {
  const parameters = body?.["parameters"];
  if (!isFields(parameters)) return {};
  return {
    parameters: mapped(parameters, (value, name) => {
      if (typeof value === "boolean") return { boolParam: value };
      if (typeof value === "number") return { int64Param: value };
      if (!name.startsWith("file:")) return { stringParam: String(value) };
      return { bytesParam: Buffer.from(String(value), "base64") };
    }),
  };
}

function regionFields(body: JsonObject | undefined): object {
  const { key = "", offset = 0, byte_size: byteSize = 0 } = body ?? {};
  return { key, offset, byteSize };
}

function toLogSetting(value: unknown): object {
  if (typeof value === "boolean") return { boolParam: value };
  return typeof value === "number" ? { uint32Param: value } : { stringParam: String(value) };
}

function fromLogSetting(setting: inference.LogSettingsResponse.SettingValue): unknown {
  return setting.boolParam ?? setting.uint32Param ?? setting.stringParam;
}

/** Null puts it back to what held before. */
function toTraceSetting(value: unknown): object {
  const values = Array.isArray(value) ? value : [value];
  return { value: value === null ? [] : values.map(String) };
}

/** The level is a list, though it may have one entry; all others are single. */
function fromTraceSetting(
  { value }: inference.TraceSettingResponse.SettingValue,
  name: string,
): unknown {
  return name === "trace_level" || value.length > 1 ? value : (value[0] ?? "");
}
