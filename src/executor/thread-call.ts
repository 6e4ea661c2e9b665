/**
 * A batch on its way through the model, inside the thread of an instance.
 */
import type { BackendCall, CallRequest, ResponseStream } from "../backends/backend.ts";
import { type SiblingCaller, tooLateToCall } from "../backends/sibling-calls.ts";
import { type BatchLog, batchLog, type Say } from "../definition/model-log.ts";
import { joinBytes } from "../protocol/sliced-bytes.ts";
import type { WireTensor } from "../protocol/tensor.ts";
import { BatchSignals } from "./batch-signals.ts";
import { callRequests } from "./call-requests.ts";
import { fromSharedTime, type RequestMessage, slotFlags, type ToInstance } from "./messages.ts";
import { type BatchReaders, type Outlet, ResponseOutlet } from "./response-outlet.ts";
import type { ThreadSiblings } from "./thread-siblings.ts";

export interface ThreadCallOptions {
  readonly flags: Int32Array;
  readonly maxRequests: number;
  readonly outlet: Outlet;
  readonly log: Say;
  readonly siblings: ThreadSiblings;
}

export class ThreadCall implements BackendCall, BatchReaders {
  readonly slot: number;
  readonly inputs: readonly WireTensor[];
  readonly rows: number;
  readonly isWarmup: boolean;
  #hasEnded = false;
  readonly #messages: readonly RequestMessage[];
  readonly #options: ThreadCallOptions;
  readonly #places: ReturnType<typeof slotFlags>;
  #requests: readonly CallRequest[] | undefined = undefined;
  #signals: BatchSignals | undefined = undefined;
  #responses: ResponseOutlet | undefined = undefined;
  #log: BatchLog | undefined = undefined;

  constructor(message: Extract<ToInstance, { type: "execute" }>, options: ThreadCallOptions) {
    this.slot = message.slot;
    this.inputs = message.inputs;
    this.rows = message.rows;
    this.isWarmup = message.isWarmup === true;
    this.#messages = message.requests;
    this.#options = options;
    this.#places = slotFlags(message.slot, options.maxRequests);
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  get log(): BatchLog {
    this.#log ??= batchLog(this.#options.log);
    return this.#log;
  }

  get requestCount(): number {
    return this.#messages.length;
  }

  get requests(): readonly CallRequest[] {
    this.#requests ??= callRequests(this.#messages.map(inOwnTime), (index) => this.hasGone(index));
    return this.#requests;
  }

  get signal(): AbortSignal {
    this.#signals ??= new BatchSignals(this.requestCount, (index) => this.hasGone(index));
    return this.#signals.signal;
  }

  get responses(): ResponseStream {
    this.#responses ??= new ResponseOutlet(this, this.#options.outlet);
    return this.#responses;
  }

  get siblings(): SiblingCaller {
    return {
      send: (request, sink) => {
        if (this.#hasEnded) throw tooLateToCall();
        return this.#options.siblings.send(this.slot, request, sink);
      },
    };
  }

  /** They came joined. */
  join({ chunks, byteLength }: WireTensor): Uint8Array {
    return joinBytes(chunks, byteLength, 1);
  }

  /** Each with a buffer of its own, which is transferred. */
  allocate(byteLength: number): Uint8Array {
    return new Uint8Array(byteLength);
  }

  hasGone(requestIndex: number): boolean {
    return Atomics.load(this.#options.flags, this.#places.abort + 2 * requestIndex) === 1;
  }

  takeCredit(requestIndex: number): number {
    return Atomics.exchange(this.#options.flags, this.#places.credit + 2 * requestIndex, 0);
  }

  /** Whoever waits for room hears that there is no use in it. */
  end(): void {
    this.#hasEnded = true;
    this.#responses?.notice();
  }

  /** Flags have been set. */
  noticeFlags(): void {
    this.#signals?.notice();
    this.#responses?.notice();
  }
}

function inOwnTime(message: RequestMessage): RequestMessage {
  const { deadlineMs } = message;
  return deadlineMs === undefined
    ? message
    : { ...message, deadlineMs: fromSharedTime(deadlineMs) };
}
