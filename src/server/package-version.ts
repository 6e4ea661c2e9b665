/**
 * The version of this package, as its package.json says.
 */
import { createRequire } from "node:module";

export function packageVersion(): string {
  const require = createRequire(import.meta.url);
  return (require("shoal/package.json") as { readonly version: string }).version;
}
