/**
 * A batch on its way through the model, inside the thread of an instance.
 */
import type { BackendCall, CallRequest } from "../backends/backend.ts";
import { joinBytes } from "../protocol/sliced-bytes.ts";
import type { WireTensor } from "../protocol/tensor.ts";
import { BatchSignals } from "./batch-signals.ts";
import { callRequests } from "./call-requests.ts";
import { abortFlag, type RequestMessage, type ToInstance } from "./messages.ts";

export class ThreadCall implements BackendCall {
  readonly inputs: readonly WireTensor[];
  readonly rows: number;
  readonly #requests: readonly RequestMessage[];
  readonly #isAborted: (index: number) => boolean;
  #signals: BatchSignals | undefined = undefined;

  constructor(message: Extract<ToInstance, { type: "execute" }>, flags: Int32Array) {
    this.inputs = message.inputs;
    this.rows = message.rows;
    this.#requests = message.requests;
    this.#isAborted = (index) => Atomics.load(flags, abortFlag(index)) === 1;
  }

  get requests(): readonly CallRequest[] {
    return callRequests(this.#requests, this.#isAborted);
  }

  get signal(): AbortSignal {
    this.#signals ??= new BatchSignals(this.#requests.length, this.#isAborted);
    return this.#signals.signal;
  }

  /** They came joined. */
  join({ chunks, byteLength }: WireTensor): Uint8Array {
    return joinBytes(chunks, byteLength, 1);
  }

  /** Each with a buffer of its own, which is transferred. */
  allocate(byteLength: number): Uint8Array {
    return new Uint8Array(byteLength);
  }

  /** Flags have been set. */
  noticeAborts(): void {
    this.#signals?.notice();
  }
}
