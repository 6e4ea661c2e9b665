/**
 * Makes the code of the gRPC messages from `proto/`: how they are encoded and decoded, their types,
 * and their descriptors for server reflection; and the schema of a model's configuration as data,
 * for its text and its JSON. What it makes is committed, and never edited.
 *
 *   node scripts/grpc-messages.mjs           writes it
 *   node scripts/grpc-messages.mjs --check   ends with exit code 1 if it would change anything
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import protobuf from "protobufjs";
import "protobufjs/ext/descriptor.js";

const require = createRequire(import.meta.url);
const pbjs = require("protobufjs-cli/pbjs");
const pbts = require("protobufjs-cli/pbts");

const folder = "src/protocol/generated";
const protos = ["inference", "health", "reflection", "reflection_v1alpha"];
const mark = "Made by scripts/grpc-messages.mjs from proto/: not to be edited.";

/** What the code reads of 64-bit integers, and is content with when it writes them. */
const longType = `interface Long {
  readonly low: number;
  readonly high: number;
  readonly unsigned: boolean;
}`;

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const made = await makeAll(protos.map((name) => `proto/${name}.proto`));
if (process.argv.includes("--check")) check();
else {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of made) writeFileSync(join(folder, name), text);
}

/** By file name. */
async function makeAll(paths) {
  const temporary = mkdtempSync(join(tmpdir(), "shoal-messages-"));
  try {
    const options = [
      ["-t", "static-module", "-w", "esm", "--null-semantics"],
      ["--no-create", "--no-verify", "--no-convert", "--no-delimited"],
      ["--no-typeurl", "--no-service"],
    ].flat();
    const described = join(temporary, "messages.js");
    await run(pbjs, [...options, "-o", described, ...paths]);
    const types = await run(pbts, ["--no-comments", described]);
    const code = await run(pbjs, [...options, "--no-comments", ...paths]);
    return new Map([
      ["messages.js", `// ${mark}\n${code}`],
      ["messages.d.ts", `// ${mark}\n${types.replace(/import Long = .*/, longType)}`],
      ["descriptors.ts", descriptors(paths)],
      ["config-schema.ts", configSchema()],
    ]);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function run(tool, args) {
  return new Promise((resolve, reject) => {
    tool.main(args, (error, output) => {
      if (error) reject(error);
      else resolve(output);
    });
  });
}

/** One file of each package, as serialized `google.protobuf.FileDescriptorProto`. */
function descriptors(paths) {
  const root = new protobuf.Root().loadSync(paths, { keepCase: true });
  root.resolveAll();
  const { FileDescriptorProto } = protobuf.descriptor;
  const files = root.toDescriptor("proto3").file.map((file) => {
    for (const message of file.messageType) nameMapEntries(message);
    const all = new Set(symbolsIn(file));
    for (const message of file.messageType)
      qualify(message, `${file.package}.${message.name}`, all);
    for (const { method } of file.service) {
      for (const each of method) {
        each.inputType = resolve(each.inputType, file.package, all);
        each.outputType = resolve(each.outputType, file.package, all);
      }
    }
    const base64 = Buffer.from(FileDescriptorProto.encode(file).finish()).toString("base64");
    const services = file.service.map(({ name }) => `${file.package}.${name}`);
    return `  {
    name: ${JSON.stringify(file.name)},
    services: ${JSON.stringify(services)},
    symbols: [${lines([...all])}
    ],
    base64: [${lines(base64.match(/.{1,90}/g))}
    ].join(""),
  },`;
  });
  return `/**
 * ${mark}
 *
 * The files of the gRPC services, each with the names of what is in it.
 */
export interface DescriptorFile {
  readonly name: string;
  /** Full names, here and below. */
  readonly services: readonly string[];
  /** Services, their methods, messages and enums. */
  readonly symbols: readonly string[];
  /** A serialized \`google.protobuf.FileDescriptorProto\`. */
  readonly base64: string;
}

export const descriptorFiles: readonly DescriptorFile[] = [
${files.join("\n")}
];
`;
}

/** Of proto/model_config.proto. Names of types without the package; fields in their order. */
function configSchema() {
  const root = new protobuf.Root().loadSync("proto/model_config.proto", { keepCase: true });
  root.resolveAll();
  const messages = [];
  const enums = [];
  const nameOf = ({ fullName }) => fullName.replace(/^\.inference\./, "");
  const visit = ({ nestedArray = [] }) => {
    for (const part of nestedArray) {
      if (part instanceof protobuf.Enum) enums.push([nameOf(part), part.values]);
      if (part instanceof protobuf.Type) messages.push([nameOf(part), fieldsOf(part)]);
      visit(part);
    }
  };
  const fieldsOf = ({ fieldsArray }) => {
    return Object.fromEntries(fieldsArray.map((field) => [field.name, describe(field)]));
  };
  const describe = ({ id, type, resolvedType, repeated, keyType, partOf }) => ({
    id,
    type: resolvedType ? nameOf(resolvedType) : type,
    ...(repeated && { isRepeated: true }),
    ...(keyType && { keyType }),
    ...(partOf && { oneof: partOf.name }),
  });
  visit(root.lookup("inference"));
  const member = ([name, value]) => `\n    ${name}: ${JSON.stringify(value)},`;
  const part = ([name, members]) => {
    return `  ${JSON.stringify(name)}: {${Object.entries(members).map(member).join("")}\n  },`;
  };
  return `/**
 * ${mark}
 *
 * The messages and enums of a model's configuration, by name; ModelConfig is the whole.
 */
export const configMessages = {
${messages.map(part).join("\n")}
} as const;

export const configEnums = {
${enums.map(part).join("\n")}
} as const;
`;
}

function symbolsIn({ package: scope, messageType, enumType, service }) {
  return [...messageType, ...enumType, ...service].flatMap((part) => symbolsOf(part, scope));
}

/** As other tools demand it: `map<K, V> some_values` is a list of `SomeValuesEntry`. */
function nameMapEntries(message) {
  for (const field of message.field) {
    const entry = message.nestedType.find(({ name, options }) => {
      return options?.mapEntry && name === field.typeName;
    });
    if (entry === undefined) continue;
    const words = field.name.split("_").map((word) => word[0].toUpperCase() + word.slice(1));
    entry.name = `${words.join("")}Entry`;
    field.typeName = entry.name;
  }
  for (const inner of message.nestedType) nameMapEntries(inner);
}

/** Types by their full names, which need no search. */
function qualify(message, scope, symbols) {
  for (const field of message.field) {
    if (field.typeName) field.typeName = resolve(field.typeName, scope, symbols);
  }
  for (const inner of message.nestedType) qualify(inner, `${scope}.${inner.name}`, symbols);
}

function resolve(name, scope, symbols) {
  if (name.startsWith(".")) return name;
  for (let outer = scope; outer !== ""; outer = outer.replace(/\.?[^.]*$/, "")) {
    if (symbols.has(`${outer}.${name}`)) return `.${outer}.${name}`;
  }
  throw new Error(`${name} is not to be found from ${scope}`);
}

function lines(texts) {
  return texts.map((text) => `\n      ${JSON.stringify(text)},`).join("");
}

function symbolsOf({ name, nestedType = [], enumType = [], method = [] }, scope) {
  const full = `${scope}.${name}`;
  const inner = [...nestedType, ...enumType, ...method];
  return [full, ...inner.flatMap((part) => symbolsOf(part, full))];
}

function check() {
  for (const [name, text] of made) {
    if (readFileSync(join(folder, name), "utf8") === text) continue;
    process.stderr.write(
      `${folder}/${name} is not what proto/ says: node scripts/grpc-messages.mjs\n`,
    );
    process.exitCode = 1;
  }
}
