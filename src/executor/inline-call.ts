/**
 * A batch on its way through a model that runs inline.
 */
import type { BackendCall, CallRequest, ResponseStream } from "../backends/backend.ts";
import type { SiblingCaller } from "../backends/sibling-calls.ts";
import type { ExecutionBatch, ExecutionEmitter } from "../core/instance.ts";
import type { ModelConfig } from "../core/model-config.ts";
import { type BatchLog, batchLog } from "../definition/model-log.ts";
import { allocateBytes } from "../protocol/byte-slab.ts";
import { datatypes } from "../protocol/datatype.ts";
import { isJoined, joinBytes } from "../protocol/sliced-bytes.ts";
import type { WireTensor } from "../protocol/tensor.ts";
import type { InstanceLog } from "./batch-log.ts";
import { BatchSiblings, type SiblingService } from "./batch-siblings.ts";
import { BatchSignals } from "./batch-signals.ts";
import { callRequests, deadlineOf } from "./call-requests.ts";
import type { CopiedBytes } from "./copied-bytes.ts";
import { gatherInputs } from "./gather-inputs.ts";
import { type BatchReaders, ResponseOutlet } from "./response-outlet.ts";
import { StreamedAnswers } from "./streamed-answers.ts";

export interface InlineCallOptions {
  readonly config: ModelConfig;
  readonly copied: CopiedBytes;
  readonly log: InstanceLog;
  readonly siblings: SiblingService;
}

export class InlineCall implements BackendCall, BatchReaders {
  readonly batch: ExecutionBatch;
  readonly emit: ExecutionEmitter;
  readonly inputs: readonly WireTensor[];
  readonly startMs: number;
  readonly allocate: BackendCall["allocate"] = allocateBytes;
  #hasEnded = false;
  readonly #options: InlineCallOptions;
  #requests: readonly CallRequest[] | undefined = undefined;
  #gone: Set<number> | undefined = undefined;
  #credits: number[] | undefined = undefined;
  #signals: BatchSignals | undefined = undefined;
  #responses: ResponseOutlet | undefined = undefined;
  #log: BatchLog | undefined = undefined;
  #siblings: BatchSiblings | undefined = undefined;

  constructor(
    options: InlineCallOptions,
    batch: ExecutionBatch,
    emit: ExecutionEmitter,
    startMs: number,
  ) {
    this.#options = options;
    this.batch = batch;
    this.emit = emit;
    this.inputs = gatherInputs(batch, options.config);
    this.startMs = startMs;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  get rows(): number {
    return this.batch.rows;
  }

  get isWarmup(): boolean {
    return this.batch.isWarmup === true;
  }

  get log(): BatchLog {
    const { batch } = this;
    this.#log ??= batchLog((level, message, request) => {
      this.#options.log(level, message, this.#hasEnded ? undefined : { batch, request });
    });
    return this.#log;
  }

  get requestCount(): number {
    return this.batch.requests.length;
  }

  get requests(): readonly CallRequest[] {
    if (this.#requests === undefined) {
      const requests = this.batch.requests.map(({ request, rows, deadlineMs }) => {
        return { ...request, rows, deadlineMs: deadlineOf(deadlineMs) };
      });
      this.#requests = callRequests(requests, (index) => this.hasGone(index));
    }
    return this.#requests;
  }

  get signal(): AbortSignal {
    this.#signals ??= new BatchSignals(this.requestCount, (index) => this.hasGone(index));
    return this.#signals.signal;
  }

  get responses(): ResponseStream {
    this.#responses ??= this.#makeOutlet();
    return this.#responses;
  }

  get siblings(): SiblingCaller {
    this.#siblings ??= this.#makeSiblings();
    return this.#siblings;
  }

  /** The model may write to them. */
  join({ datatype, chunks, byteLength, isShared }: WireTensor): Uint8Array {
    const elementSize = datatypes[datatype].byteSize || 1;
    const isCopied = !isJoined(chunks, elementSize);
    if (isCopied || isShared === true) this.#options.copied.inputs += byteLength;
    const joined = joinBytes(chunks, byteLength, elementSize);
    return isShared === true && !isCopied ? new Uint8Array(joined) : joined;
  }

  hasGone(requestIndex: number): boolean {
    return this.#gone?.has(requestIndex) ?? false;
  }

  takeCredit(requestIndex: number): number {
    const count = this.#credits?.[requestIndex] ?? 0;
    if (this.#credits !== undefined) this.#credits[requestIndex] = 0;
    return count;
  }

  abort(requestIndex: number): void {
    this.#gone ??= new Set();
    this.#gone.add(requestIndex);
    this.#signals?.notice();
    this.#responses?.notice();
    this.#siblings?.notice();
  }

  credit(requestIndex: number, responseCount: number): void {
    this.#credits ??= [];
    this.#credits[requestIndex] = responseCount + (this.#credits[requestIndex] ?? 0);
    this.#responses?.notice();
  }

  /** Whoever waits for room hears that there is no use in it. */
  end(): void {
    this.#hasEnded = true;
    this.#responses?.notice();
    this.#siblings?.close();
  }

  abortAll(): void {
    for (const index of this.batch.requests.keys()) this.abort(index);
  }

  /** Also for whoever asks when it has ended: he is told so. */
  #makeSiblings(): BatchSiblings {
    const { config, siblings: service } = this.#options;
    const hasGone = (index: number): boolean => this.hasGone(index);
    const siblings = new BatchSiblings({ config, batch: this.batch, service, hasGone });
    if (this.#hasEnded) siblings.close();
    return siblings;
  }

  #makeOutlet(): ResponseOutlet {
    const { config, copied } = this.#options;
    const { batch, emit } = this;
    const hasGone = (index: number): boolean => this.hasGone(index);
    const answers = new StreamedAnswers({ batch, config, emit, hasGone });
    return new ResponseOutlet(this, {
      respond: (response) => {
        copied.outputs += response.copiedBytes;
        for (const index of answers.respond(response)) this.abort(index);
      },
      fail: (requestIndex, error) => answers.fail(requestIndex, error),
      waits() {},
    });
  }
}
