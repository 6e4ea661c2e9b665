/**
 * Where a server is: `http://host:8000/base/path`, `https://`, `grpc://host:8001`, `grpcs://`, or
 * `host:port`, which is HTTP. A URL object without a port has that of its protocol: it does not keep
 * what was written.
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
  const [, written = "http", rest = ""] = /^(?:([a-z][a-z\d+.-]*):\/\/)?(.*)$/is.exec(text) ?? [];
  // Schemes that browsers do not know are parsed differently: so all are parsed as one they know.
  const scheme = written.toLowerCase();
  const url = Object.hasOwn(ports, scheme) ? parsed(`http://${rest}`) : undefined;
  if (!url?.hostname || /[@?#]/.test(rest)) {
    const form = "http, https, grpc or grpcs, a host, perhaps a port and a path";
    throw invalid(`no URL of a server: '${text}' (${form})`);
  }
  const protocol = scheme as ServerUrl["protocol"];
  const usual = protocol === "http" && typeof given !== "string" ? 80 : ports[protocol];
  return {
    protocol,
    host: url.hostname,
    // One that is usual for a scheme is not told.
    port: Number(url.port || new URL(`https://${rest}`).port || usual),
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
