/**
 * Imports a module of the user's: JavaScript, or TypeScript on any Node.
 *
 * Node runs TypeScript from 22.18 on by taking the types out; what it cannot do (enums, parameter
 * properties), and all of it on older ones, is done by jiti, which is imported only then.
 */
export async function importModule(url: string): Promise<object> {
  if (!/\.[cm]?ts$/.test(url)) return (await import(url)) as object;
  if ("typescript" in process.features && process.features.typescript) {
    try {
      return (await import(url)) as object;
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code !== "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX") throw error;
    }
  }
  const { createJiti } = await import("jiti");
  return await createJiti(import.meta.url).import<object>(url);
}
