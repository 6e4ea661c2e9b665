/** What node:test's summary says, from what it printed. */
export function testCounts({ code, output }) {
  const count = (word) => Number(new RegExp(`^. ${word} (\\d+)$`, "m").exec(output)?.[1] ?? 0);
  const [passed, failed] = [count("pass"), count("fail") + count("cancelled")];
  // A run that broke before it could count is one failure.
  return { passed, failed: failed === 0 && (code !== 0 || passed === 0) ? 1 : failed };
}
