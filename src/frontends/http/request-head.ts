/**
 * Head of a request: the headers that matter here, in one pass over the list that Node has parsed.
 *
 * `request.headers` would make an object of all of them, with every rule for repeated ones, which
 * costs more than everything that is decided about a small request. Of a repeated header the first
 * counts.
 */
import type { IncomingMessage } from "node:http";

export interface RequestHead {
  readonly contentLength: string | undefined;
  readonly contentEncoding: string | undefined;
  readonly accept: string | undefined;
  readonly acceptEncoding: string | undefined;
  /** Inference-Header-Content-Length. */
  readonly headerLength: string | undefined;
  readonly requestId: string | undefined;
  /** X-Request-Timeout-Ms: the caller's own deadline, from the arrival of its request. */
  readonly timeoutMs: string | undefined;
  readonly origin: string | undefined;
}

export const timeoutHeader = "x-request-timeout-ms";

type Field = keyof RequestHead;

const fields: Readonly<Record<string, Field>> = {
  "content-length": "contentLength",
  "content-encoding": "contentEncoding",
  accept: "accept",
  "accept-encoding": "acceptEncoding",
  "inference-header-content-length": "headerLength",
  "x-request-id": "requestId",
  [timeoutHeader]: "timeoutMs",
  origin: "origin",
};

/** By the length of their names: most headers have one that none of these has. */
const byLength: readonly (readonly [header: string, field: Field][])[] = Array.from(
  { length: 32 },
  (_, length) => Object.entries(fields).filter(([header]) => header.length === length),
);

/** The value of any header, by its name in lower case. */
export function headerIn(rawHeaders: readonly string[], name: string): string | undefined {
  const at = rawHeaders.findIndex((each, index) => {
    return index % 2 === 0 && each.length === name.length && each.toLowerCase() === name;
  });
  return at === -1 ? undefined : rawHeaders[at + 1];
}

export function readHead({ rawHeaders }: IncomingMessage): RequestHead {
  const head: { -readonly [Name in Field]: string | undefined } = {
    contentLength: undefined,
    contentEncoding: undefined,
    accept: undefined,
    acceptEncoding: undefined,
    headerLength: undefined,
    requestId: undefined,
    timeoutMs: undefined,
    origin: undefined,
  };
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? "";
    for (const [header, field] of byLength[name.length] ?? []) {
      if (name.toLowerCase() === header) head[field] ??= rawHeaders[index + 1];
    }
  }
  return head;
}
