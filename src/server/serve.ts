/**
 * Serve: a server as a whole program. It loads its models, listens, drains on SIGINT and SIGTERM and
 * ends with exit code 0. What keeps it from starting is told in one line, with exit code 1.
 *
 * A second signal ends it at once; so does a model that cannot be stopped in time. That is done by
 * SIGKILL to ourselves: an ordinary exit would abort inside native code that still runs.
 *
 * Not here: a server that is part of a program (server.ts).
 */

import { isCollectingModels, waitInsteadOfServing } from "../definition/model-table.ts";
import { isInsideInstance } from "../executor/inside-instance.ts";
import { servedModels } from "./served-models.ts";
import { type LazyServer, type Models, type Server, startServer } from "./server.ts";
import { resolveServerOptions, type ServerOptions } from "./server-options.ts";

/** Resolves when every model is ready and the ports are open. */
export async function serve(models: Models, options: ServerOptions = {}): Promise<Server> {
  if (isInsideInstance() || isCollectingModels()) return await waitInsteadOfServing();
  return await runProgram(() => {
    return startServer(servedModels(models), resolveServerOptions(options, "serve()"));
  });
}

/** Does not return if it fails: then the process ends. */
export async function runProgram(start: () => LazyServer): Promise<Server> {
  let server: LazyServer | undefined;
  try {
    server = start();
    endOnSignals(server);
    await server.ready;
    await server.listen();
    return server;
  } catch (error) {
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
    return await end(server, 1);
  }
}

function endOnSignals(server: LazyServer): void {
  let isEnding = false;
  const endWith = (exitCode: number): void => {
    if (isEnding) kill();
    isEnding = true;
    end(server, exitCode).catch(kill);
  };
  process.on("SIGINT", () => endWith(0));
  process.on("SIGTERM", () => endWith(0));
  process.on("uncaughtException", (error) => {
    process.stderr.write(`error: nobody caught this, so the server ends: ${error.stack}\n`);
    if (!isEnding) endWith(1);
  });
}

async function end(server: LazyServer | undefined, exitCode: number): Promise<never> {
  const hasDrained = server === undefined || (await server.drain());
  if (!hasDrained) kill();
  process.exit(exitCode);
}

function kill(): void {
  process.kill(process.pid, "SIGKILL");
}
