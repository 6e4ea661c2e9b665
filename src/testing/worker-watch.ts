/**
 * Worker watch: the threads that are started while a test looks on, and when they end.
 */
import type { Worker } from "node:worker_threads";

export interface WatchedWorker {
  readonly worker: Worker;
  /** Resolves with its exit code. Whoever asks keeps the process alive until then. */
  readonly exit: Promise<number>;
  readonly exitCode: number | undefined;
  readonly startedAtMs: number;
  readonly exitedAtMs: number;
}

export class WorkerWatch implements Disposable {
  /** In the order in which they were started. */
  readonly workers: WatchedWorker[] = [];
  readonly #watchers = new Set<() => void>();
  readonly #add = (worker: Worker): void => {
    this.workers.push(new Watched(worker));
    for (const look of [...this.#watchers]) look();
  };

  constructor() {
    process.on("worker", this.#add);
  }

  get livingCount(): number {
    return this.workers.filter(({ exitCode }) => exitCode === undefined).length;
  }

  /** Resolves when so many have been started. */
  started(count: number): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.workers.length < count) return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
      look();
    });
  }

  [Symbol.dispose](): void {
    process.off("worker", this.#add);
  }
}

class Watched implements WatchedWorker {
  readonly worker: Worker;
  readonly #exit: Promise<number>;
  exitCode: number | undefined = undefined;
  readonly startedAtMs: number = performance.now();
  exitedAtMs = Number.NaN;

  constructor(worker: Worker) {
    this.worker = worker;
    this.#exit = new Promise((resolve) => {
      worker.once("exit", (code) => {
        this.exitCode = code;
        this.exitedAtMs = performance.now();
        resolve(code);
      });
    });
  }

  get exit(): Promise<number> {
    this.worker.ref();
    return this.#exit;
  }
}
