/**
 * What there is to ask and tell a server beside inference: for each question its call of gRPC, the
 * message, and how the answer becomes that of HTTP.
 */

import { isFields } from "../protocol/fields.ts";
import type { inference } from "../protocol/generated/messages.js";
import type { JsonObject, Question, Route } from "./connection.ts";
import { messageJson } from "./grpc-json.ts";

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
  const { route, name = "", version, body } = question;
  const target = { name, version: version === undefined ? "" : String(version) };
  switch (route) {
    case "/health/live":
      return call("ServerLive", {}, ({ live }) => live);
    case "/health/ready":
      return call("ServerReady", {}, ({ ready }) => ready);
    case "/models/*/ready":
      return call("ModelReady", target, ({ ready }) => ready);
    case "":
      return call("ServerMetadata", {}, messageJson);
    case "/models/*":
      return call("ModelMetadata", target, messageJson);
    case "/models/*/config":
      return call("ModelConfig", target, ({ config }) => messageJson(config ?? {}));
    case "/models/*/stats":
    case "/models/stats":
      return call("ModelStatistics", target, messageJson);
    default:
      return managementCall(route, name, body);
  }
}

function managementCall(route: Route, name: string, body: JsonObject | undefined): QuestionCall {
  switch (route) {
    case "/repository/index":
      return call("RepositoryIndex", { ready: body?.["ready"] === true }, ({ models }) => {
        return models.map((model) => filled(messageJson(model)));
      });
    case "/repository/models/*/load":
      return call("RepositoryModelLoad", repositoryRequest(name, body), nothing);
    case "/repository/models/*/unload":
      return call("RepositoryModelUnload", repositoryRequest(name, body), nothing);
    case "/logging":
      return call("LogSettings", { settings: mapped(body, toLogSetting) }, ({ settings }) => {
        return mapped(settings, fromLogSetting);
      });
    case "/systemsharedmemory/region/*/register":
      return call("SystemSharedMemoryRegister", { name, ...regionFields(body) }, nothing);
    case "/systemsharedmemory/region/*/unregister":
      return call("SystemSharedMemoryUnregister", { name }, nothing);
    case "/systemsharedmemory/status":
      return call("SystemSharedMemoryStatus", { name }, ({ regions }) => {
        return Object.values(regions).map(messageJson);
      });
    default:
      return call(
        "TraceSetting",
        { modelName: name, settings: mapped(body, toTraceSetting) },
        ({ settings }) => mapped(settings, fromTraceSetting),
      );
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
function repositoryRequest(modelName: string, body: JsonObject | undefined): object {
  const parameters = body?.["parameters"];
  if (!isFields(parameters)) return { modelName };
  return {
    modelName,
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
