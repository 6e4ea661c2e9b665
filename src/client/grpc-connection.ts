/**
 * The protocol over gRPC: a call for each operation, and streams that requests share
 * (grpc-stream.ts). Requests with other metadata, such as a token that was renewed, need another
 * stream.
 *
 * Not here: messages (grpc-messages.ts, grpc-answers.ts, grpc-questions.ts), and how they are sent
 * (grpc-channel.ts).
 */
import { inference } from "../protocol/generated/messages.js";
import { ClientError } from "./client-error.ts";
import {
  type Connection,
  isHealth,
  type Question,
  type Sent,
  type WireAnswer,
  type WireRequest,
} from "./connection.ts";
import { type Decoder, decoded, readAnswer } from "./grpc-answers.ts";
import { GrpcChannel } from "./grpc-channel.ts";
import { encodeInferRequest } from "./grpc-messages.ts";
import type { GrpcChannelOptions } from "./grpc-options.ts";
import { callOf } from "./grpc-questions.ts";
import type { GrpcSession } from "./grpc-session.ts";
import { GrpcStream } from "./grpc-stream.ts";
import { timingOf } from "./http-connection.ts";
import { segmentOf } from "./http-messages.ts";

/**
 * An error within a stream has a text and no code. By this header a server ends the whole stream
 * with a status in place of it: whoever sends it has streams of his own.
 */
const endsStreams = "triton_grpc_error";

interface Encoder {
  encode(message: object): { finish(): Uint8Array };
}

export class GrpcConnection implements Connection {
  readonly #channel: GrpcChannel;
  /** Those that take requests, by their metadata. */
  readonly #streams = new Map<string, GrpcStream>();

  constructor(options: GrpcChannelOptions) {
    this.#channel = new GrpcChannel(options);
  }

  async infer(request: WireRequest, sent: Sent): Promise<WireAnswer> {
    segmentOf(request.name);
    const message = encodeInferRequest(request);
    const { bytes, trailers } = await this.#channel.unary("ModelInfer", message, sent);
    const answer = readAnswer(decoded(inference.ModelInferResponse, bytes), request);
    const timing = trailers["server-timing"];
    return { ...answer, timing: timingOf(timing === undefined ? undefined : String(timing)) };
  }

  async *stream(request: WireRequest, sent: Sent): AsyncGenerator<WireAnswer, void, undefined> {
    segmentOf(request.name);
    const session = await this.#channel.connected(sent.signal);
    yield* this.#streamOf(session, sent.headers).run(request, sent.signal);
  }

  async ask(question: Question, sent: Sent): Promise<unknown> {
    if (question.name !== undefined) segmentOf(question.name);
    const { name, request, read } = callOf(question);
    const Request: Encoder = inference[`${name}Request`];
    const Response: Decoder<object> = inference[`${name}Response`];
    const piece = Request.encode(request).finish();
    const message = { pieces: [piece], byteLength: piece.byteLength };
    try {
      const { bytes } = await this.#channel.unary(name, message, sent);
      return read(decoded(Response, bytes));
    } catch (error) {
      // It has answered: that it is not ready is the answer then, and no failure.
      if (isHealth(question.route) && error instanceof ClientError && isNotReady(error))
        return false;
      throw error;
    }
  }

  close(): void {
    this.#streams.clear();
    this.#channel.close();
  }

  #streamOf(session: GrpcSession, headers: Sent["headers"]): GrpcStream {
    const key = JSON.stringify(Object.entries(headers).sort());
    const current = this.#streams.get(key);
    if (current !== undefined) return current;
    const isAlone = headers[endsStreams] === "true";
    const stream: GrpcStream = new GrpcStream({
      open: (events) => this.#channel.duplex(session, "ModelStreamInfer", headers, events),
      onLeft: () => {
        if (this.#streams.get(key) === stream) this.#streams.delete(key);
      },
    });
    if (!isAlone) this.#streams.set(key, stream);
    return stream;
  }
}

/** As over HTTP: a missing right is a failure, and so is no answer at all. */
function isNotReady({ status, kind, code }: ClientError): boolean {
  const isServers = kind === "server" || kind === "refused";
  return status !== undefined && isServers && !/PERMISSION|UNAUTH|UNIMPLEMENTED/.test(code);
}
