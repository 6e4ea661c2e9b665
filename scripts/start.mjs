/**
 * `npm start`: serves the models of examples/start, and says which examples to try with them.
 *
 *   npm start -- --http-port 9000      every flag of `shoal serve`
 */
const args = process.argv.splice(2);
process.argv.push("serve", "examples/start", ...args);
await import("../dist/cli/main.js");

const port = /--http-port[= ](\d+)/.exec(args.join(" "))?.[1];
const prefix = port === undefined ? "" : `SHOAL_URL=http://localhost:${port} `;
console.log("and from this folder, text in a picture and speech in a sound:");
console.log(`  ${prefix}node examples/ocr/read-invoice.mjs`);
console.log(`  ${prefix}node examples/vad/speech.mjs`);
