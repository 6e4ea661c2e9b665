/**
 * Waits for something that is told by no event. Bounded by the time limit of the test.
 */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}
