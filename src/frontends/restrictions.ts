/**
 * Restrictions: which groups of endpoints one frontend has closed, behind which header, and whether
 * a caller has sent it.
 *
 * Nothing here holds a token, only its digest: what is compared takes as long for a wrong token as
 * for the right one, whatever their lengths, and whoever prints such an object learns nothing.
 *
 * Not here: what belongs to a group (endpoint-groups.ts), where tokens come from
 * (server/security-options.ts).
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { EndpointGroup } from "./endpoint-groups.ts";

export interface Restriction {
  readonly groups: readonly EndpointGroup[];
  /** As refusals name it. */
  readonly header: string;
  readonly token: string;
  /** `Authorization: Bearer TOKEN` will do, too. */
  readonly takesBearer: boolean;
}

/** The value of a header that a caller has sent, by its name in lower case. */
export type HeaderReader = (name: string) => string | undefined;

interface Lock {
  readonly header: string;
  readonly key: string;
  readonly digest: Uint8Array;
  readonly takesBearer: boolean;
}

const authorization = "authorization";

export class Restrictions {
  readonly #locks: ReadonlyMap<EndpointGroup, Lock>;

  /** No group is in two of them. */
  constructor(restrictions: readonly Restriction[] = []) {
    this.#locks = new Map(
      restrictions.flatMap(({ groups, header, token, takesBearer }) => {
        const lock = { header, key: header.toLowerCase(), digest: digestOf(token), takesBearer };
        return groups.map((group) => [group, lock] as const);
      }),
    );
  }

  get isEmpty(): boolean {
    return this.#locks.size === 0;
  }

  /** Those that refusals name, each once. */
  get headers(): readonly string[] {
    return [...new Set(Array.from(this.#locks.values(), ({ header }) => header))];
  }

  /** All that may hold a token, in lower case. */
  get secretHeaders(): readonly string[] {
    const locks = [...this.#locks.values()];
    const bearers = locks.some(({ takesBearer }) => takesBearer) ? [authorization] : [];
    return [...new Set([...locks.map(({ key }) => key), ...bearers])];
  }

  /** The header behind which a group is closed; undefined: it is open. */
  headerOf(group: EndpointGroup): string | undefined {
    return this.#locks.get(group)?.header;
  }

  /** The header that this caller should have sent; undefined: it may pass. */
  missing(group: EndpointGroup | undefined, read: HeaderReader): string | undefined {
    const lock = group && this.#locks.get(group);
    return lock === undefined || opens(lock, read) ? undefined : lock.header;
  }
}

function opens({ key, digest, takesBearer }: Lock, read: HeaderReader): boolean {
  const isOwn = isToken(read(key), digest);
  const bearer = takesBearer ? /^Bearer +(.*)$/i.exec(read(authorization) ?? "")?.[1] : undefined;
  return isToken(bearer, digest) || isOwn;
}

function isToken(given: string | undefined, digest: Uint8Array): boolean {
  return given !== undefined && timingSafeEqual(digestOf(given), digest);
}

function digestOf(token: string): Uint8Array {
  return createHash("sha256").update(token).digest();
}
