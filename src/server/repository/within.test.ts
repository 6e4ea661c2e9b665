/** Paths within a folder: nothing outside has a name, and what is no file is none. */
import { strict as check } from "node:assert";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { InferenceError } from "../../protocol/errors.ts";
import { fileWithin, nameWithin, pathWithin } from "./within.ts";

const root = realpathSync(mkdtempSync(join(tmpdir(), "shoal-within-")));
const folder = join(root, "models");
const what = "the file";

after(() => rmSync(root, { recursive: true }));

mkdirSync(join(folder, "m", "1"), { recursive: true });
writeFileSync(join(folder, "m", "1", "model.onnx"), "graph");
writeFileSync(join(root, "secret"), "secret");
mkdirSync(join(root, "models-too"));
writeFileSync(join(root, "models-too", "f"), "");
symlinkSync(join("m", "1"), join(folder, "inside"));
symlinkSync(join(root, "secret"), join(folder, "out"));
symlinkSync("..", join(folder, "up"));
symlinkSync(join(root, "models-too"), join(folder, "beside"));
symlinkSync("round", join(folder, "round"));
symlinkSync(".", join(folder, "self"));

const refusals: Readonly<Record<string, RegExp>> = {
  "": /is not a relative path$/,
  ".": /is outside its folder$/,
  "..": /is outside its folder$/,
  "../secret": /is outside its folder$/,
  "m/../../secret": /is outside its folder$/,
  "m/1/../../../secret": /is outside its folder$/,
  "/etc/passwd": /is not a relative path$/,
  "C:\\secret": /is not a relative path$/,
  "C:secret": /is not a relative path$/,
  "..\\secret": /is not a relative path$/,
  "m\u0000/x": /is not a relative path$/,
  out: /is outside its folder$/,
  "up/secret": /is outside its folder$/,
  "beside/f": /is outside its folder$/,
  round: /cannot be read \(ELOOP\)$/,
  gone: /is not there$/,
  "m/gone": /is not there$/,
  "m/1/model.onnx/x": /cannot be read \(ENOTDIR\)$/,
  m: /is no file$/,
  [`${"x".repeat(256)}`]: /is too long$/,
  [`${"ä".repeat(200)}`]: /is too long$/,
  [`m/${"y/".repeat(3000)}z`]: /is too long$/,
};

for (const [name, why] of Object.entries(refusals)) {
  test(`refused: ${JSON.stringify(name.slice(0, 40))}`, async () => {
    await check.rejects(fileWithin({ what, folder, name }), (error: unknown) => {
      check.ok(error instanceof InferenceError);
      check.equal(error.code, "INVALID_ARGUMENT");
      check.match(error.message, why);
      check.ok(error.message.length < 200, "short enough for a line");
      return true;
    });
  });
}

test("what is within is found, also by links that stay there", async () => {
  const path = join(folder, "m", "1", "model.onnx");
  for (const name of [
    "m/1/model.onnx",
    "./m//1/model.onnx",
    "m/../m/1/model.onnx",
    "inside/model.onnx",
  ]) {
    check.equal(await fileWithin({ what, folder, name }), path, name);
  }
  check.equal(await pathWithin({ what, folder, name: "m/1" }), join(folder, "m", "1"));
  check.equal(await pathWithin({ what, folder, name: "self" }), folder);
});

// Windows has no sockets that are in folders.
if (process.platform !== "win32") {
  test("a socket is no file", async () => {
    const server = createServer().listen(join(folder, "socket"));
    await once(server, "listening");
    await check.rejects(fileWithin({ what, folder, name: "socket" }), /is no file$/);
    const neither = /neither a file nor a folder$/;
    await check.rejects(pathWithin({ what, folder, name: "socket" }), neither);
    server.close();
  });
}

test("a file that is to be read as a whole may be too large", async () => {
  const name = "m/1/model.onnx";
  await check.rejects(fileWithin({ what, folder, name, maxBytes: 4 }), {
    code: "INVALID_ARGUMENT",
    message: "the file 'm/1/model.onnx' has 5 bytes, and at most 4 are read",
  });
  check.equal(await fileWithin({ what, folder, name, maxBytes: 5 }), join(folder, name));
});

test("the protocol's own text is that of whatever leads elsewhere", async () => {
  for (const name of ["../secret", "/etc/passwd", "C:secret", "out"]) {
    await check.rejects(fileWithin({ what, folder, name, outside: "elsewhere" }), {
      message: "elsewhere",
    });
  }
});

test("a name may be free", () => {
  check.equal(nameWithin({ what, folder, name: "1/new.onnx" }), join(folder, "1", "new.onnx"));
  for (const name of ["../1", "..", "1/../.."]) {
    check.throws(() => nameWithin({ what, folder, name }), /is outside its folder$/);
  }
  const outside = "the protocol's own words";
  check.throws(() => nameWithin({ what, folder, name: "..", outside }), { message: outside });
});
