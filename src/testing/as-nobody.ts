/**
 * Runs with the rights of somebody who has none of his own: the administrator may read everything,
 * so in his hands no test sees what happens without a right.
 */
const nobody = 65_534;

/** Nothing else of the process may run meanwhile that needs its rights. */
export async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  const { geteuid, seteuid } = process;
  if (geteuid?.() !== 0 || seteuid === undefined) return await work();
  seteuid(nobody);
  try {
    return await work();
  } finally {
    seteuid(0);
  }
}
