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

const form = /^(?:(https?|grpcs?):\/\/)?([^/@?#]+?)(?::(\d+))?(\/[^?#]*)?$/i;

/** Throws a ClientError. */
export function parseServerUrl(given: string | URL): ServerUrl {
  const text = String(given);
  const [, scheme = "http", host, port, path = ""] = form.exec(text) ?? [];
  const protocol = scheme.toLowerCase() as ServerUrl["protocol"];
  const usual = protocol === "http" && given instanceof URL ? 80 : ports[protocol];
  try {
    // Schemes that browsers do not know are parsed differently, and a usual port is not told: so
    // all are parsed as one, with a port that is not.
    const { hostname, pathname } = new URL(host ? `http://${host}:${port ?? 1}${path}` : "");
    const basePath = pathname.replace(/\/+$/, "");
    return { protocol, host: hostname, port: Number(port ?? usual), basePath };
  } catch {
    throw invalid(`no URL of a server: '${text}' (such as http://host:8000)`);
  }
}
