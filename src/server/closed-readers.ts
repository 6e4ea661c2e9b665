/**
 * Closed readers: whoever read what this process prints may have left (`shoal serve models | head`).
 * That is no reason to end: the server goes on, and what it prints is lost.
 */
let isTolerant = false;

/** From now on, for stdout and stderr. Twice is once. */
export function tolerateClosedReaders(): void {
  if (isTolerant) return;
  isTolerant = true;
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
  }
}
