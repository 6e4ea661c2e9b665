/**
 * Serve: a server as a whole program. It loads its models, listens, drains on SIGINT and SIGTERM and
 * ends with exit code 0. What keeps it from starting is told in one line, with exit code 1.
 *
 * A model that cannot go on ends it, too, if that is what it is told to do (`onUnrecoverable`): drained,
 * with an exit code of its own.
 *
 * A second signal ends it at once; so does a model that cannot be stopped in time. That is done by
 * SIGKILL to ourselves: an ordinary exit would abort inside native code that still runs.
 *
 * Not here: a server that is part of a program (server.ts).
 */
import { inspect } from "node:util";
import { isCollectingModels, waitInsteadOfServing } from "../definition/model-table.ts";
import { isInsideInstance } from "../executor/inside-instance.ts";
import { failureLine } from "./failure-line.ts";
import { resolveServerOptions } from "./resolve-server-options.ts";
import { servedModels } from "./served-models.ts";
import { type LazyServer, type Models, type Server, startProgram } from "./server.ts";
import type { ServerOptions } from "./server-options.ts";

/** Of a program that a model took out of service; EX_SOFTWARE of sysexits.h. */
const outOfServiceCode = 70;

/** Resolves when every model is ready and the ports are open. */
export async function serve(models: Models, options: ServerOptions = {}): Promise<Server> {
  if (isInsideInstance() || isCollectingModels()) return await waitInsteadOfServing();
  return await runProgram(() => {
    return startProgram(servedModels(models), resolveServerOptions(options, "serve()"));
  });
}

/** Does not return if it fails: then the process ends. */
export async function runProgram(start: () => LazyServer): Promise<Server> {
  const program = new Program();
  try {
    const server = start();
    program.runs(server);
    await server.ready;
    await server.listen();
    return server;
  } catch (error) {
    if (!program.isEnding) {
      process.stderr.write(`error: ${failureLine(error)}\n`);
    }
    return await program.end(1);
  }
}

/** The process while it is a server; its end begins once. */
class Program {
  #server: LazyServer | undefined = undefined;
  #ending: Promise<never> | undefined = undefined;

  get isEnding(): boolean {
    return this.#ending !== undefined;
  }

  runs(server: LazyServer): void {
    this.#server = server;
    server.failed.then(
      () => this.end(outOfServiceCode).catch(kill),
      () => {}, // It did not even start, which is told elsewhere.
    );
    process.on("SIGINT", () => this.#heardSignal());
    process.on("SIGTERM", () => this.#heardSignal());
    process.on("uncaughtException", (error: unknown) => {
      process.stderr.write(`error: nobody caught this, so the server ends: ${inspect(error)}\n`);
      this.end(1).catch(kill);
    });
  }

  /** The exit code is that of whoever asked first. */
  end(exitCode: number): Promise<never> {
    this.#ending ??= this.#end(exitCode);
    return this.#ending;
  }

  #heardSignal(): void {
    if (this.isEnding) kill();
    this.end(0).catch(kill);
  }

  async #end(exitCode: number): Promise<never> {
    const hasDrained = this.#server === undefined || (await this.#server.drain());
    if (!hasDrained) kill();
    process.exit(exitCode);
  }
}

function kill(): void {
  process.kill(process.pid, "SIGKILL");
}
