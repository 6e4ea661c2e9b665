/**
 * Open controls: a warning for a server that strangers may change, because groups of endpoints
 * that do so are open at an address that others than this machine can reach.
 *
 * What changes a server depends on what it can do: a group counts if clients may use the extension
 * of the protocol that is behind it.
 */
import { endpointGroups, groupNames } from "../frontends/endpoint-groups.ts";
import type { Restrictions } from "../frontends/restrictions.ts";

interface Place {
  /** Address and port, as log lines have it; undefined: it does not listen. */
  readonly place: string | undefined;
  readonly address: string;
  readonly restrictions: Restrictions;
}

/** `controls`: extensions by which clients may change it. Undefined: there is nothing to warn of. */
export function openControls(
  controls: readonly string[],
  places: readonly Place[],
): string | undefined {
  const open = places.flatMap(({ place, address, restrictions }) => {
    if (place === undefined || isLoopback(address)) return [];
    const groups = groupNames.filter((group) => {
      const { controls: extension } = endpointGroups[group];
      const isThere = extension !== undefined && controls.includes(extension);
      return isThere && isOpen(group, restrictions);
    });
    return groups.length === 0 ? [] : [`${groups.join(", ")} at ${place}`];
  });
  if (open.length === 0) return undefined;
  const what = `whoever reaches it may change this server: ${open.join("; ")}`;
  return `${what}. Close it with 'security' (--security-groups), or listen on 127.0.0.1`;
}

function isOpen(group: (typeof groupNames)[number], restrictions: Restrictions): boolean {
  return restrictions.headerOf(group) === undefined;
}

/** A name of a host may be anybody's, but for the one that never is. */
export function isLoopback(address: string): boolean {
  return address === "localhost" || address === "::1" || /^(::ffff:)?127\./i.test(address);
}
