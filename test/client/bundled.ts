/** Bundles code for browsers, as their users' build tools do: everything in one module, minified. */
import { join } from "node:path";
import { build } from "esbuild";
import { root } from "../repository.ts";

export interface Bundle {
  readonly code: Uint8Array;
  /** What it still needs at run time. */
  readonly imports: readonly string[];
  /** Minified bytes of each module, the largest first. */
  readonly modules: readonly (readonly [path: string, byteLength: number])[];
}

/** `entry`: built JavaScript, relative to the root. */
export async function bundled(entry: string): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: join(root, "bundle.js"),
    write: false,
    bundle: true,
    minify: true,
    metafile: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    // Neither Node's modules nor packages become a part of it: they are named in `imports`.
    packages: "external",
    // What pages get by this name, and Node does not.
    alias: { "shoal/client": join(root, "dist/client.js") },
    logLevel: "silent",
  });
  const [file] = outputFiles;
  const [output] = Object.values(metafile.outputs);
  if (file === undefined || output === undefined) throw new Error(`${entry} became no bundle`);
  return {
    code: file.contents,
    imports: output.imports.map(({ path }) => path),
    modules: Object.entries(output.inputs)
      .map(([path, { bytesInOutput }]) => [path, bytesInOutput] as const)
      .sort(([, one], [, other]) => other - one),
  };
}
