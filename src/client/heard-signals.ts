/**
 * Signals that many calls heed: each has one listener, however many these are. Node warns of a leak
 * where it finds more than ten.
 */

type Hear = (signal: AbortSignal) => void;

interface Heard {
  readonly all: Set<Hear>;
  readonly listener: () => void;
}

const heard = new WeakMap<AbortSignal, Heard>();

/** Calls back once it fires, if it has not yet. Returns what ends that. */
export function hearAbort(signal: AbortSignal, hear: Hear): () => void {
  const { all, listener } = heard.get(signal) ?? listen(signal);
  all.add(hear);
  return () => {
    all.delete(hear);
    if (all.size > 0) return;
    signal.removeEventListener("abort", listener);
    heard.delete(signal);
  };
}

function listen(signal: AbortSignal): Heard {
  const all = new Set<Hear>();
  const listener = (): void => {
    for (const each of all) each(signal);
  };
  signal.addEventListener("abort", listener, { once: true });
  heard.set(signal, { all, listener });
  return { all, listener };
}
