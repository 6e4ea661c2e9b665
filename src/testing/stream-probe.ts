/**
 * Stream probe: takes the place of the core for one instance of a model that streams, and of the
 * readers of its responses, who take them when a test says so.
 */
import type {
  ExecutionBatch,
  ExecutionEmitter,
  ExecutionTimes,
  Instance,
  InstanceEvents,
  InstanceHost,
  ModelAnswer,
  ModelResponse,
} from "../core/instance.ts";
import type { InferenceError } from "../protocol/errors.ts";
import type { WireTensor } from "../protocol/tensor.ts";
import { batchOf, wholeBytes } from "./batch-fixture.ts";

export class StreamProbe implements InstanceEvents {
  readonly instance: Instance;
  readonly isReady: Promise<void>;
  readonly hasExited: Promise<void>;
  #setReady: () => void = () => {};
  #setExited: () => void = () => {};

  constructor(host: InstanceHost) {
    this.isReady = new Promise((resolve) => {
      this.#setReady = resolve;
    });
    this.hasExited = new Promise((resolve) => {
      this.#setExited = resolve;
    });
    this.instance = host.start(0, this);
  }

  ready(): void {
    this.#setReady();
  }

  exited(): void {
    this.#setExited();
  }

  /** A request of one row for each of these numbers. Its readers take all at once, or nothing. */
  run(numbers: readonly number[], readers: "take all" | "take nothing" = "take all"): StreamRun {
    const run = new StreamRun(this.instance, batchOf(...numbers.map((n) => [n32(n)])), readers);
    this.instance.execute(run.batch, run);
    return run;
  }

  /** How often a counting model was asked for a number until now. */
  async pulledCount(): Promise<number> {
    const asking = this.run([-1]);
    await asking.hasEnded;
    return Number(asking.said[0]?.split(" ")[1]);
  }
}

/** Notes what it hears: `0 7` is a response with 7 to request 0, `0 7.` a final one. */
export class StreamRun implements ExecutionEmitter {
  readonly batch: ExecutionBatch;
  readonly said: string[] = [];
  readonly hasEnded: Promise<void>;
  readonly #instance: Instance;
  readonly #readers: "take all" | "take nothing";
  #setEnded: () => void = () => {};
  #waits: { readonly count: number; readonly resolve: () => void }[] = [];

  constructor(instance: Instance, batch: ExecutionBatch, readers: "take all" | "take nothing") {
    this.#instance = instance;
    this.batch = batch;
    this.#readers = readers;
    this.hasEnded = new Promise((resolve) => {
      this.#setEnded = resolve;
    });
  }

  respond(requestIndex: number, { outputs }: ModelResponse, isFinal: boolean): void {
    const values = outputs.map(valuesOf).join();
    this.#note(`${requestIndex} ${values}${isFinal ? "." : ""}`);
    if (this.#readers === "take all" && !isFinal) this.take(requestIndex, 1);
  }

  fail(requestIndex: number, error: InferenceError): void {
    this.#note(`${requestIndex} fails: ${error.message}`);
  }

  done(_times: ExecutionTimes, answers: readonly ModelAnswer[]): void {
    this.#end(answers.every((answer) => answer === undefined) ? "done" : "done, with answers");
  }

  failed(_times: ExecutionTimes, error: InferenceError): void {
    this.#end(`failed: ${error.message}`);
  }

  /** The reader of this request has taken so many responses. */
  take(requestIndex: number, count: number): void {
    this.#instance.credit(this.batch, requestIndex, count);
  }

  leave(requestIndex: number): void {
    this.#instance.abort(this.batch, requestIndex);
  }

  /** Resolves when so much has been said. */
  heard(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waits.push({ count, resolve });
      this.#tell();
    });
  }

  #note(line: string): void {
    this.said.push(line);
    this.#tell();
  }

  #end(line: string): void {
    this.#note(line);
    this.#setEnded();
  }

  #tell(): void {
    for (const { count, resolve } of this.#waits) if (this.said.length >= count) resolve();
    this.#waits = this.#waits.filter(({ count }) => this.said.length < count);
  }
}

function n32(value: number): WireTensor {
  const bytes = new Uint8Array(Int32Array.of(value).buffer);
  return { name: "n", datatype: "INT32", shape: [1, 1], chunks: [bytes], byteLength: 4 };
}

/** Of large ones only the size. */
function valuesOf(output: WireTensor): string {
  if (output.datatype === "UINT8") {
    return output.byteLength > 4 ? `${output.byteLength} bytes` : `${wholeBytes(output)[0]}`;
  }
  return new Int32Array(wholeBytes(output).buffer).join(" ");
}
