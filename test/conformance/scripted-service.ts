/**
 * Scripted service: HTTP as it is, and behind it no core, but a test that answers each request by
 * hand, in any order and at any time, on a clock of its own.
 */
import { once } from "node:events";
import type { Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { ByteBudget } from "../../dist/core/byte-budget.js";
import type { InferenceService } from "../../dist/core/inference-service.js";
import type { ModelConfig } from "../../dist/core/model-config.js";
import { HttpHandler } from "../../dist/frontends/http/http-handler.js";
import { createHttpServer } from "../../dist/frontends/http/http-server.js";
import { Restrictions } from "../../dist/frontends/restrictions.js";
import { packBytes } from "../../dist/protocol/packed-bytes.js";
import { type WireTensor, wireTensor } from "../../dist/protocol/tensor.js";
import { modelConfig } from "../../dist/testing/core-fixture.js";
import { VirtualClock } from "../../dist/testing/virtual-clock.js";
import { ScriptedCall } from "./scripted-call.ts";

export interface ScriptOptions {
  /** Default true. */
  readonly isDecoupled?: boolean;
  readonly stallTimeoutSecs?: number;
  readonly cors?: string;
  /** What happens before the core returns from `infer`. */
  readonly within?: (call: Call) => void;
}

export class Call extends ScriptedCall {
  /** A response with one text. */
  say(text: string | Uint8Array, isFinal = false): void {
    this.respond([textTensor(text)], isFinal);
  }
}

export function textTensor(text: string | Uint8Array): WireTensor {
  const packed = packBytes([Buffer.from(text as string)]);
  return wireTensor({ name: "TOKEN", datatype: "BYTES", shape: [1, 1] }, packed);
}

export class ScriptedServer implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly receivedBytes = new ByteBudget(2 ** 24);
  /** What was logged as a warning or an error. */
  readonly lines: string[] = [];
  readonly calls: Call[] = [];
  readonly httpServer: HttpServer;
  readonly #waiting: ((call: Call) => void)[] = [];
  #takenCount = 0;

  private constructor(options: ScriptOptions) {
    const { isDecoupled = true, stallTimeoutSecs = 60, cors = "", within } = options;
    const input = { name: "PROMPT", datatype: "BYTES", dims: [1], isOptional: false } as const;
    const output = { ...input, name: "TOKEN" };
    const config = modelConfig({ isDecoupled, inputs: [input], outputs: [output] });
    const note = (line: string): void => {
      this.lines.push(line);
    };
    const handler = new HttpHandler({
      service: this.#service(config, within),
      clock: this.clock,
      log: { verbose() {}, info() {}, warning: note, error: note },
      maxBodyBytes: 2 ** 24,
      maxInputBytes: 2 ** 24,
      receivedBytes: this.receivedBytes,
      logsRequests: false,
      stallTimeoutSecs,
      cors,
      forwardPattern: undefined,
      restrictions: new Restrictions(),
      control: undefined,
    });
    this.httpServer = createHttpServer((request, response) => handler.handle(request, response));
  }

  static async start(options: ScriptOptions = {}): Promise<ScriptedServer> {
    const server = new ScriptedServer(options);
    server.httpServer.listen(0, "127.0.0.1");
    await once(server.httpServer, "listening");
    return server;
  }

  get port(): number {
    return (this.httpServer.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The next request that nobody has taken yet, when it comes. */
  next(): Promise<Call> {
    const call = this.calls[this.#takenCount];
    this.#takenCount += 1;
    if (call !== undefined) return Promise.resolve(call);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.httpServer.close();
    this.httpServer.closeAllConnections();
    await once(this.httpServer, "close");
  }

  #service(config: ModelConfig, within: ScriptOptions["within"]): InferenceService {
    const unused = (): never => {
      throw new Error("no test of streams asks for it");
    };
    return {
      state: "running",
      serverMetadata: unused,
      isReady: () => true,
      lookUp: () => ({ config, isReady: () => true }),
      modelMetadata: unused,
      statistics: unused,
      index: unused,
      infer: (request, sink, options) => {
        const call = new Call(request, sink, options);
        within?.(call);
        this.calls.push(call);
        this.#waiting.shift()?.(call);
        return call;
      },
    };
  }
}
