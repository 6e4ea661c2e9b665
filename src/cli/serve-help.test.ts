/** The help of `shoal serve`: every flag once, in lines that fit. */
import { strict as check } from "node:assert";
import test from "node:test";
import { stripVTControlCharacters } from "node:util";
import { serveFlags } from "./flag-table.ts";
import { serveHelp } from "./serve-help.ts";

const lines = stripVTControlCharacters(serveHelp()).trimEnd().split("\n");

test("no line is longer than 80 columns, or ends in a space", () => {
  check.deepEqual(
    lines.filter((line) => line.length > 80 || line.endsWith(" ")),
    [],
  );
});

test("every flag is named once", () => {
  const [, , , ...below] = lines.join("\n").split("\n\n");
  const named = below.join("\n").match(/--[a-z0-9-]+/g) ?? [];
  const names = serveFlags.map(({ flag }) => `--${flag}`);
  const examples = ["--http-port", "--http-port"];
  check.deepEqual([...named].sort(), [...names, ...examples].sort());
});

test("what a flag is, with what holds without it", () => {
  const text = lines.join("\n");
  for (const line of [
    "  --http-port PORT             port for HTTP; 0: any that is free (8000)",
    "  --allow-http BOOL            serve HTTP (true)",
    "  --model-repository TEXT      folder of models; may be repeated\n",
    "  --cors TEXT                  origins whose pages may call, or *",
    "  --log-format default|ISO8601\n                               how a line of the log begins (default)",
    "  --grpc-infer-response-compression-level none|low|medium|high\n" +
      "                               compression of inference responses over gRPC\n",
    "\n\nNot there yet: refused\n  rate limits\n    --rate-limit --rate-limit-resource",
    "\n\nRefused\n  a name means one model in all repositories\n    --model-namespacing\n",
  ]) {
    check.ok(text.includes(line), line);
  }
});
