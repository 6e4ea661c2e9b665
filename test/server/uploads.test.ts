/** What clients have sent lies in temporary folders: they go with what was loaded from them. */
import { strict as check } from "node:assert";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { ClientError } from "shoal/client";
import { addSubGraph } from "../../dist/testing/onnx-graphs.js";
import { until } from "../until.ts";
import { serveFolder } from "./served-folder.ts";

const root = realpathSync(mkdtempSync(join(tmpdir(), "shoal-uploads-")));
const temporary = join(root, "temporary");
const repository = join(root, "repository");
for (const folder of [temporary, repository]) mkdirSync(folder);
for (const variable of ["TMPDIR", "TEMP", "TMP"]) process.env[variable] = temporary;

after(() => rmSync(root, { recursive: true }));

const files = { "1/model.onnx": addSubGraph() };
const sent = { config: {}, files };

/** The folders of uploads; libraries leave files of their own beside them. */
function uploads(): readonly string[] {
  return readdirSync(temporary).filter((name) => name.startsWith("shoal-upload-"));
}

const options = { logError: false, logWarning: false, modelControlMode: "explicit" } as const;

test("each goes with its model, by another load or at the end of the server", async (t) => {
  const { server, clients } = await serveFolder(t, repository, options);
  const [client] = clients;
  await client.load("m", sent);
  const [first, ...others] = uploads();
  check.deepEqual(others, []);
  await client.load("m", sent);
  const [second, ...more] = uploads();
  check.deepEqual(more, []);
  check.notEqual(second, first);
  const wrong = { config: {}, files: { "1/model.onnx": new Uint8Array(9) } };
  await check.rejects(client.load("m", wrong), { code: "INVALID_ARGUMENT" });
  await check.rejects(
    client.load("m", { ...sent, files: { ...files, "../x": files["1/model.onnx"] } }),
  );
  const many = Array.from({ length: 10_001 }, (_, index) => [`1/${index}`, new Uint8Array(0)]);
  await check.rejects(client.load("m", { config: {}, files: Object.fromEntries(many) }), {
    message: /a load has 10001 file parameters, and may have 10000$/,
  });
  check.deepEqual(uploads(), [second]);
  await server.close();
  check.deepEqual(uploads(), []);
});

test("nothing is left of those that load while the server stops", async (t) => {
  const { server, clients } = await serveFolder(t, repository, options);
  const [client] = clients;
  const loads = [1, 2, 3, 4, 5, 6].map(async (index) => {
    return await client.load(`m${index}`, sent).then(
      () => "loaded",
      (error: unknown) => (error instanceof ClientError ? error.code : String(error)),
    );
  });
  await until(() => uploads().length > 0);
  await server.close();
  check.deepEqual(uploads(), []);
  const ends = new Set(await Promise.all(loads));
  ends.delete("loaded");
  check.deepEqual([...ends], ["UNAVAILABLE"]);
});

test("a process that exits leaves nothing", () => {
  const module = new URL("../../dist/server/repository/uploads.js", import.meta.url).href;
  writeFileSync(
    join(root, "exits.mjs"),
    `import { writeUpload } from ${JSON.stringify(module)};
     const path = await writeUpload(new Map([["1/x", new Uint8Array(1)]]));
     console.log(path);
     process.exit(0);`,
  );
  const output = execFileSync(process.execPath, [join(root, "exits.mjs")], { encoding: "utf8" });
  check.ok(output.startsWith(temporary));
  check.deepEqual(uploads(), []);
});
