/** Where a certificate or key of this folder is, for options that want a file. */
import { fileURLToPath } from "node:url";

export function pem(name: string): string {
  return fileURLToPath(new URL(`../../test/tls/${name}`, import.meta.url));
}
