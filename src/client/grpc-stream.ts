/**
 * One stream of gRPC, shared by the requests of a client: responses are told apart by the ids of
 * their requests, which are unique on the wire.
 *
 * A request ends with the response that is marked as final, or with an error, and is then
 * forgotten. Who stops reading before that is forgotten as soon as the server has done: until then
 * its responses are dropped. When nobody is left the stream ends: at once, by cancelling it, if the
 * server still works for somebody who has left.
 *
 * Nothing is read from the stream while some request has too many responses that are not read.
 *
 * A server that marks nothing as final tells an end only by ending the stream: so it is told that no
 * more requests will come, and whoever comes next opens another stream.
 *
 * Invariant: each request ends, however the stream does.
 */
import { inference } from "../protocol/generated/messages.js";
import { badAnswer, ClientError } from "./client-error.ts";
import type { WireAnswer, WireRequest } from "./connection.ts";
import { decoded, finalFlag, readAnswer } from "./grpc-answers.ts";
import type { CallEvents, GrpcCall } from "./grpc-call.ts";
import { encodeInferRequest } from "./grpc-messages.ts";
import { UnreadAnswers } from "./unread-answers.ts";

export interface GrpcStreamOptions {
  readonly open: (events: CallEvents) => GrpcCall;
  /** It takes no more requests. */
  readonly onLeft: () => void;
}

interface OpenRequest {
  readonly request: WireRequest;
  /** Undefined: nobody reads any more. */
  unread: UnreadAnswers | undefined;
  /** The server marks nothing as final. */
  isUnmarked: boolean;
}

type Response = inference.ModelStreamInferResponse;

const mostUnread = 64;

export class GrpcStream {
  readonly #call: GrpcCall;
  readonly #onLeft: () => void;
  /** By their ids on the wire. */
  readonly #open = new Map<string, OpenRequest>();
  #madeCount = 0;
  #isLeft = false;

  constructor({ open, onLeft }: GrpcStreamOptions) {
    this.#onLeft = onLeft;
    this.#call = open({
      onMessage: (bytes) => this.#receive(bytes),
      onEnd: (failure) => {
        if (failure === undefined) this.#endWell();
        else this.#endAll(failure);
      },
    });
  }

  async *run(
    request: WireRequest,
    signal: AbortSignal,
  ): AsyncGenerator<WireAnswer, void, undefined> {
    const id = this.#uniqueId(request.id);
    const unread = new UnreadAnswers();
    const open: OpenRequest = { request, unread, isUnmarked: false };
    const abort = (): void => {
      unread.stop(signal.reason);
      this.#drop(open);
    };
    this.#open.set(id, open);
    signal.addEventListener("abort", abort, { once: true });
    try {
      this.#call.write(encodeInferRequest(request, id));
      for (;;) {
        const answer = await unread.next();
        if (answer === undefined) return;
        this.#goOnIfRead();
        yield answer;
      }
    } finally {
      signal.removeEventListener("abort", abort);
      this.#drop(open);
    }
  }

  /** The caller's, unless another request has it. */
  #uniqueId(given: string): string {
    let id = given;
    while (id === "" || this.#open.has(id)) {
      this.#madeCount += 1;
      id = `${given || "request"}-${this.#madeCount}`;
    }
    return id;
  }

  #receive(bytes: Uint8Array): void {
    try {
      const message = decoded(inference.ModelStreamInferResponse, bytes);
      if (message.errorMessage === "") this.#take(message);
      else this.#fail(message);
      this.#leaveIfIdle();
    } catch (error) {
      this.#endAll(error);
      this.#call.cancel();
    }
  }

  #take({ inferResponse }: Response): void {
    if (inferResponse === null) throw badAnswer("a message of the stream is empty");
    const { id, parameters, outputs } = inferResponse;
    const isFinal = parameters[finalFlag]?.boolParam ?? undefined;
    const open = this.#open.get(id) ?? (isFinal === undefined ? this.#only() : undefined);
    if (open === undefined) return;
    if (isFinal === true) this.#open.delete(id);
    if (isFinal === undefined) {
      open.isUnmarked = true;
      this.#leave();
    }
    const { unread } = open;
    if (unread === undefined) return;
    try {
      const isOnlyEnd = isFinal === true && outputs.length === 0;
      if (!isOnlyEnd) unread.push(readAnswer(inferResponse, open.request));
      if (isFinal === true) unread.end();
      else if (unread.count > mostUnread) this.#call.pause();
    } catch (error) {
      unread.end(error);
      open.unread = undefined;
    }
  }

  /** In place of a response. More may follow, if the server says that this is not the last one. */
  #fail({ errorMessage, inferResponse }: Response): void {
    const error = new ClientError("server", errorMessage, { status: 0 });
    const given = inferResponse?.id ?? "";
    const id = given || (/^\[request id: (.*?)\] /.exec(errorMessage)?.[1] ?? "");
    const open = this.#open.get(id) ?? (given === "" ? this.#only() : undefined);
    if (open === undefined) {
      // Of somebody who has been forgotten already.
      if (given !== "") return;
      this.#endAll(error);
      this.#call.cancel();
      return;
    }
    open.unread?.end(error);
    open.unread = undefined;
    const isLast = inferResponse?.parameters[finalFlag]?.boolParam !== false;
    if (isLast) this.#open.delete(id);
  }

  #only(): OpenRequest | undefined {
    const [first, second] = this.#open.values();
    return second === undefined ? first : undefined;
  }

  #endWell(): void {
    const early = badAnswer("the server ended the stream before the last response");
    for (const { unread, isUnmarked } of this.#open.values()) {
      unread?.end(isUnmarked ? undefined : early);
    }
    this.#endAll();
  }

  #endAll(failure?: unknown): void {
    for (const { unread } of this.#open.values()) unread?.end(failure);
    this.#open.clear();
    this.#leave();
  }

  /** Nobody reads its responses any more. */
  #drop(open: OpenRequest): void {
    open.unread = undefined;
    this.#goOnIfRead();
    this.#leaveIfIdle();
  }

  #goOnIfRead(): void {
    const call = this.#call;
    if (!call.isPaused) return;
    for (const { unread } of this.#open.values()) {
      if (unread !== undefined && unread.count > mostUnread) return;
    }
    call.resume();
  }

  #leaveIfIdle(): void {
    for (const { unread } of this.#open.values()) if (unread !== undefined) return;
    this.#leave();
    if (this.#open.size > 0) this.#call.cancel();
    this.#open.clear();
    this.#goOnIfRead();
  }

  #leave(): void {
    if (this.#isLeft) return;
    this.#isLeft = true;
    this.#onLeft();
    this.#call.end();
  }
}
