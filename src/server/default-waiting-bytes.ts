/**
 * Default for the bytes of inputs that may wait: what a machine, or a container, can spare.
 */
import { totalmem } from "node:os";

/** A quarter of memory, at most 1 GiB; in a container, of what the container may have. */
export function defaultMaxWaitingBytes(): number {
  const constrainedBytes = process.constrainedMemory?.() ?? 0;
  const memoryBytes = constrainedBytes > 0 ? Math.min(constrainedBytes, totalmem()) : totalmem();
  return Math.min(Math.floor(memoryBytes / 4), 2 ** 30);
}
