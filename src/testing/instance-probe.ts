/**
 * Instance probe: takes the place of the core for one instance, notes all that it says, in order,
 * and what of it the contract forbids.
 *
 * Forbidden is: to say anything before `start` has returned or after the exit; to be ready twice;
 * to end an execution twice, or without an answer for each request.
 */
import type {
  ExecutionBatch,
  ExecutionEmitter,
  ExecutionTimes,
  Instance,
  InstanceEvents,
  InstanceHost,
  ModelAnswer,
} from "../core/instance.ts";
import type { InferenceError } from "../protocol/errors.ts";

/** How an execution ended. */
export interface Execution {
  readonly times: ExecutionTimes;
  readonly answers: readonly ModelAnswer[];
  readonly error: InferenceError | undefined;
}

export interface Exit {
  readonly error: InferenceError | undefined;
  readonly isFinal: boolean;
}

export class InstanceProbe implements InstanceEvents {
  readonly said: string[] = [];
  readonly faults: string[] = [];
  readonly instance: Instance;
  readonly isReady: Promise<void>;
  readonly exit: Promise<Exit>;
  #setReady: () => void = () => {};
  #setExit: (exit: Exit) => void = () => {};
  #hasStarted = false;
  /** That it was given last. */
  #batch: ExecutionBatch | undefined = undefined;

  constructor(host: InstanceHost, index = 0) {
    this.isReady = new Promise((resolve) => {
      this.#setReady = resolve;
    });
    this.exit = new Promise((resolve) => {
      this.#setExit = resolve;
    });
    this.instance = host.start(index, this);
    this.#hasStarted = true;
  }

  ready(): void {
    if (this.said.length > 0) this.faults.push(`ready after ${this.said.join(", ")}`);
    this.#note("ready");
    this.#setReady();
  }

  exited(error: InferenceError | undefined, isFinal = false): void {
    this.#note("exited");
    this.#setExit({ error, isFinal });
  }

  /** Resolves when the execution has ended; `onEnd` is called at that very moment. */
  execute(batch: ExecutionBatch, onEnd: () => void = () => {}): Promise<Execution> {
    return new Promise((resolve) => {
      let hasEnded = false;
      const end = (how: "done" | "failed", execution: Execution): void => {
        if (hasEnded) this.faults.push(`${how} a second time`);
        hasEnded = true;
        this.#note(how);
        resolve(execution);
        onEnd();
      };
      const emit: ExecutionEmitter = {
        respond: () => this.#note("responded"),
        fail: (index, { code, message }) => this.#note(`${index} failed: ${code} ${message}`),
        done: (times, answers) => {
          const { length } = batch.requests;
          if (answers.length !== length) this.faults.push(`${answers.length} of ${length} answers`);
          end("done", { times, answers, error: undefined });
        },
        failed: (times, error) => end("failed", { times, answers: [], error }),
      };
      this.#batch = batch;
      this.instance.execute(batch, emit);
    });
  }

  /** The caller of this request of the last batch has gone. */
  abort(requestIndex: number): void {
    if (this.#batch !== undefined) this.instance.abort(this.#batch, requestIndex);
  }

  #note(what: string): void {
    if (!this.#hasStarted) this.faults.push(`${what} inside of start`);
    if (this.said.includes("exited")) this.faults.push(`${what} after the exit`);
    this.said.push(what);
  }
}
