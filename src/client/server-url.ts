/**
 * Where a server is: `http://host:8000/base/path`, `https://`, `grpc://host:8001`, `grpcs://`, or
 * `host:port`, which is HTTP.
 */
import { invalid } from "./client-error.ts";

export interface ServerUrl {
  readonly protocol: "http" | "https" | "grpc" | "grpcs";
  /** For IPv6 in brackets. */
  readonly host: string;
  readonly port: number;
  /** Of HTTP: before `/v2`, without a slash at its end. */
  readonly basePath: string;
}

const ports = { http: 8000, https: 443, grpc: 8001, grpcs: 8001 } as const;

/** Throws a ClientError. */
export function parseServerUrl(given: string | URL): ServerUrl {
  const text = String(given);
  const [, scheme = "http", rest = ""] = /^(?:([a-z]+):\/\/)?(.*)$/s.exec(text) ?? [];
  if (!isProtocol(scheme)) {
    throw invalid(`the URL of a server begins with http, https, grpc or grpcs; got '${text}'`);
  }
  // Schemes that browsers do not know are parsed differently: so all are parsed as HTTP.
  const url = URL.parse?.(`http://${rest}`) ?? parsed(`http://${rest}`);
  if (url === undefined || url.hostname === "") throw invalid(`no URL of a server: '${text}'`);
  if (url.username !== "" || url.search !== "" || url.hash !== "") {
    const why = "has a user, a query or a fragment, which mean nothing here";
    throw invalid(`the URL of a server ${why}: '${url.host}'`);
  }
  const isDefault = /^[^/]*:80(\/|$)/.test(rest) ? 80 : ports[scheme];
  return {
    protocol: scheme,
    host: url.hostname,
    port: url.port === "" ? isDefault : Number(url.port),
    basePath: url.pathname.replace(/\/+$/, ""),
  };
}

function parsed(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

function isProtocol(text: string): text is ServerUrl["protocol"] {
  return text in ports;
}
