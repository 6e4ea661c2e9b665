/**
 * Watched host: writes down what the core asks of the instances of one loaded model.
 *
 * The instances themselves: simulated-instance.ts.
 */
import type {
  ExecutionBatch,
  ExecutionEmitter,
  Instance,
  InstanceEvents,
  InstanceHost,
} from "../../core/instance.ts";
import type { InferRequest } from "../../protocol/infer.ts";
import type { Coverage } from "./coverage.ts";
import type { Journal } from "./journal.ts";

export interface WatchedHostOptions {
  readonly host: InstanceHost;
  readonly page: string;
  readonly journal: Journal;
  readonly coverage: Coverage;
  readonly instanceCount: number;
  /** In the call in which the last one says so; not if one was lost or stopped before. */
  readonly onAllReady: () => void;
}

export class WatchedHost implements InstanceHost {
  readonly #options: WatchedHostOptions;
  readonly #ready = new Set<number>();
  #isUndisturbed = true;

  constructor(options: WatchedHostOptions) {
    this.#options = options;
  }

  start(index: number, events: InstanceEvents): Instance {
    const { host, page, journal, coverage } = this.#options;
    const note = (text: string): void => journal.note(page, `instance ${index} ${text}`);
    note("starts");
    let isAbandoned = false;
    const countLate = (): void => {
      if (isAbandoned) coverage.count("heard after abandon");
    };
    const disturb = (): void => {
      this.#isUndisturbed = false;
    };
    const instance = host.start(index, {
      ready: () => {
        countLate();
        events.ready();
        this.#noteReady(index);
      },
      exited: (error, isFinal) => {
        countLate();
        disturb();
        events.exited(error, isFinal);
      },
    });
    return {
      execute(batch: ExecutionBatch, emit: ExecutionEmitter): void {
        note(batchText(batch));
        instance.execute(batch, emit);
      },
      abort(batch: ExecutionBatch, requestIndex: number): void {
        note(`aborts ${nameIn(batch, requestIndex)}`);
        instance.abort(batch, requestIndex);
      },
      credit(batch: ExecutionBatch, requestIndex: number, responseCount: number): void {
        note(`credits ${responseCount} to ${nameIn(batch, requestIndex)}`);
        instance.credit(batch, requestIndex, responseCount);
      },
      stop(): void {
        note("stops");
        disturb();
        instance.stop();
      },
      abandon(): boolean {
        note("is abandoned");
        disturb();
        isAbandoned = true;
        return instance.abandon();
      },
    };
  }

  #noteReady(index: number): void {
    this.#ready.add(index);
    if (!this.#isUndisturbed || this.#ready.size < this.#options.instanceCount) return;
    this.#isUndisturbed = false; // Once.
    this.#options.onAllReady();
  }
}

function batchText({ requests, rows }: ExecutionBatch): string {
  const texts = requests.map(({ request, rows: ofRequest }) => `${nameOf(request)}(${ofRequest})`);
  return `runs ${texts.join(" ")}, ${rows} rows`;
}

/** It tells apart the batches of one instance too. */
function nameIn({ requests }: ExecutionBatch, index: number): string {
  const request = requests[index]?.request;
  return request === undefined ? `nobody (${index})` : nameOf(request);
}

function nameOf({ logId }: InferRequest): string {
  return logId;
}
