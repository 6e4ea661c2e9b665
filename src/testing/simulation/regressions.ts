/**
 * Regressions: seeds that once found a fault of the core, and what it was. Always run.
 *
 * A seed means another run as soon as the workload draws differently. So each fault is planted
 * again by scripts/mutants.mjs ("Once real"), which tells the seed that finds it now.
 */
export const regressions: readonly (readonly [seed: number, fault: string])[] = [];
