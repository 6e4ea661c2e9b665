/**
 * Free ports: a preload for programs under test (`node --import`). A port that a program names
 * becomes one that is free, on 127.0.0.1, and its parent is told which. So examples and documents
 * run as they are printed, several at a time, and no test needs a port of its own.
 */
import { type AddressInfo, Server } from "node:net";

/** What the parent is told. */
export interface OpenedPort {
  readonly asked: number;
  readonly opened: number;
}

const listen = Server.prototype.listen;

function listenElsewhere(this: Server, ...args: readonly unknown[]): Server {
  const [first] = args;
  const asked = typeof first === "object" && first !== null && "port" in first ? first.port : first;
  if (typeof asked !== "number") return Reflect.apply(listen, this, args);
  this.once("listening", () => {
    const { port } = this.address() as AddressInfo;
    const message: OpenedPort = { asked, opened: port };
    process.send?.(message);
  });
  const callback = args.at(-1);
  const options = { ...(typeof first === "object" ? first : {}), port: 0, host: "127.0.0.1" };
  return Reflect.apply(
    listen,
    this,
    typeof callback === "function" ? [options, callback] : [options],
  );
}

Server.prototype.listen = listenElsewhere;
