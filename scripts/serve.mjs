/**
 * Serves what npm's scripts serve (`npm start`, `npm run bench:serve`): `shoal serve`, and what to
 * try with the examples.
 *
 *   node scripts/serve.mjs PATH [flags of `shoal serve`]
 *
 * npm ends at a SIGTERM without waiting for what it runs, and its shell does not pass the signal
 * on. So the server looks whether its parent is still there, and else drains as if it had been told.
 */
const [path, ...flags] = process.argv.splice(2);
endWithParent();
process.argv.push("serve", path, ...flags);
await import("../dist/cli/main.js");
if (path === "examples/start") tellExamples(flags.join(" "));

function endWithParent() {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    process.kill(process.pid, "SIGTERM");
  }, 200);
  timer.unref();
}

function tellExamples(given) {
  const port = /--http-port[= ](\d+)/.exec(given)?.[1];
  const prefix = port === undefined ? "" : `SHOAL_URL=http://localhost:${port} `;
  console.log("and from this folder, text in a picture and speech in a sound:");
  console.log(`  ${prefix}node examples/ocr/read-invoice.mjs`);
  console.log(`  ${prefix}node examples/vad/speech.mjs`);
}
