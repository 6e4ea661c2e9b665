/**
 * Own output: what a command was asked for stands alone on stdout, though it imports files of the
 * user's, which may print. From the first call of `ownOutput()` on, what they print, and their
 * threads, goes to stderr.
 */

type Print = (text: string, done?: () => void) => void;

let own: Print | undefined;

/** What prints to stdout in truth. */
export function ownOutput(): Print {
  if (own !== undefined) return own;
  const { stdout, stderr } = process;
  const write = stdout.write.bind(stdout);
  stdout.write = stderr.write.bind(stderr);
  own = (text, done) => void write(text, done);
  return own;
}
