/**
 * Routes of the protocol: what a path asks for.
 *
 * The path alone selects: exact, query string ignored, no trailing slash; of an absolute address,
 * as proxies send it, its path. Whether the method fits is for the handler to say: a known path
 * with another method is 405, an unknown path 404.
 */
type RouteName =
  | "start page"
  | "server metadata"
  | "server live"
  | "server ready"
  | "model metadata"
  | "model ready"
  | "model config"
  | "model statistics"
  | "statistics"
  | "infer"
  | "generate"
  | "generate stream"
  | "repository index"
  | "model load"
  | "model unload"
  | "named repository";

export interface Route {
  readonly name: RouteName;
  readonly method: "GET" | "POST";
  /** Percent-decoded; empty where there is none. */
  readonly model: string;
  /** Digits; undefined: none given. */
  readonly version: string | undefined;
}

interface Rest {
  readonly name: RouteName;
  readonly method: "GET" | "POST";
}

const wholePaths: ReadonlyMap<string, Rest> = new Map([
  ["/", { name: "start page", method: "GET" }],
  ["/v2", { name: "server metadata", method: "GET" }],
  ["/v2/health/live", { name: "server live", method: "GET" }],
  ["/v2/health/ready", { name: "server ready", method: "GET" }],
  ["/v2/models/stats", { name: "statistics", method: "GET" }],
  ["/v2/repository/index", { name: "repository index", method: "POST" }],
]);

/** What may stand behind a model, or behind its version. */
const modelPaths: ReadonlyMap<string, Rest> = new Map([
  ["", { name: "model metadata", method: "GET" }],
  ["ready", { name: "model ready", method: "GET" }],
  ["config", { name: "model config", method: "GET" }],
  ["stats", { name: "model statistics", method: "GET" }],
  ["infer", { name: "infer", method: "POST" }],
  ["generate", { name: "generate", method: "POST" }],
  ["generate_stream", { name: "generate stream", method: "POST" }],
]);

const controls: ReadonlyMap<string, RouteName> = new Map([
  ["load", "model load"],
  ["unload", "model unload"],
]);

/** The same few paths come again and again. */
const known = new Map<string, Route>();
const mostKnown = 1000;
/** To compare a text takes less than to look it up. */
let latest: { readonly url: string; readonly route: Route } | undefined;

/** Undefined: there is no such path. */
export function routeOf(url: string): Route | undefined {
  if (latest?.url === url) return latest.route;
  const route = known.get(url) ?? learn(url);
  if (route !== undefined) latest = { url, route };
  return route;
}

function learn(url: string): Route | undefined {
  const [path = ""] = url.replace(/^https?:\/\/[^/?]*/i, "").split("?", 1);
  const route = routeOfPath(path);
  if (route === undefined) return undefined;
  if (known.size >= mostKnown) known.clear();
  known.set(url, route);
  return route;
}

function routeOfPath(path: string): Route | undefined {
  const whole = wholePaths.get(path);
  if (whole !== undefined) return { ...whole, model: "", version: undefined };
  const parts = path.split("/");
  if (parts[1] !== "v2" || parts[3] === "") return undefined;
  if (parts[2] === "models") return modelRoute(parts);
  return parts[2] === "repository" ? repositoryRoute(parts) : undefined;
}

/** /v2/models/{model}[/versions/{version}][/{what}] */
function modelRoute(parts: readonly string[]): Route | undefined {
  const [, , , model, second, third] = parts;
  if (model === undefined) return undefined;
  const hasVersion = second === "versions";
  if (hasVersion && !/^\d+$/.test(third ?? "")) return undefined;
  const at = hasVersion ? 6 : 4;
  if (parts.length > at + 1 || (parts.length === at + 1 && parts[at] === "")) return undefined;
  const rest = modelPaths.get(parts[at] ?? "");
  if (rest === undefined) return undefined;
  return { ...rest, model: decode(model), version: hasVersion ? third : undefined };
}

/** /v2/repository[/{repository}]/models/{model}/load, and /v2/repository/{repository}/index */
function repositoryRoute(parts: readonly string[]): Route | undefined {
  const [, , , third, fourth, fifth, sixth] = parts;
  const asPost = { method: "POST", version: undefined } as const;
  if (parts.length === 5 && fourth === "index") {
    return { ...asPost, name: "repository index", model: "" };
  }
  if (parts.length === 6 && third === "models" && fourth !== "") {
    const name = controls.get(fifth ?? "");
    return name && { ...asPost, name, model: decode(fourth ?? "") };
  }
  if (parts.length === 7 && fourth === "models" && fifth !== "") {
    if (!controls.has(sixth ?? "")) return undefined;
    return { ...asPost, name: "named repository", model: decode(fifth ?? "") };
  }
  return undefined;
}

/** What is not percent-encoded properly is taken as it is, and not found. */
function decode(part: string): string {
  if (!part.includes("%")) return part;
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
