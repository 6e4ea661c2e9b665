/**
 * Server reflection: tells tools which services and messages there are, in both versions of the
 * protocol, which differ by name only.
 *
 * The descriptors were made with the messages' code (scripts/grpc-messages.mjs): one file a package,
 * none of which needs another.
 */
import { type Server, type ServerDuplexStream, status } from "@grpc/grpc-js";
import { InferenceError } from "../../protocol/errors.ts";
import { descriptorFiles } from "../../protocol/generated/descriptors.ts";
import { grpc } from "../../protocol/generated/messages.js";
import { isExiting } from "../refusals.ts";
import type { GrpcOptions } from "./grpc-options.ts";
import { type Parsed, statusOf, unparsable } from "./grpc-status.ts";
import type { OpenStreams } from "./open-streams.ts";
import { shuttingDown } from "./request-scope.ts";
import { deserializer, serializer } from "./wire-message.ts";

type Question = grpc.reflection.v1.ServerReflectionRequest;
type Answer = grpc.reflection.v1.ServerReflectionResponse.$Properties;
type ReflectionCall = ServerDuplexStream<Parsed<Question>, Answer>;

/** Both versions have the same messages. */
const { ServerReflectionRequest, ServerReflectionResponse } = grpc.reflection.v1;

export function addReflectionCalls(
  server: Server,
  { service }: GrpcOptions,
  open: OpenStreams,
): void {
  const handle = (call: ReflectionCall): void => {
    const fail = (error: InferenceError): void => {
      open.delete(stream);
      call.emit("error", statusOf(error));
    };
    const stream = { stop: () => fail(shuttingDown()) };
    open.add(stream);
    call.on("cancelled", () => open.delete(stream));
    call.on("data", (question: Parsed<Question>) => {
      if (question === unparsable) {
        fail(new InferenceError("INTERNAL", "Unable to parse request"));
      } else if (!call.write(answerTo(question))) {
        call.pause();
        call.once("drain", () => call.resume());
      }
    });
    call.on("end", () => {
      open.delete(stream);
      call.end();
    });
    if (isExiting(service.state)) stream.stop();
  };
  for (const version of ["v1", "v1alpha"]) {
    server.register(
      `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
      handle,
      serializer(ServerReflectionResponse),
      deserializer(ServerReflectionRequest),
      "bidi",
    );
  }
}

function answerTo(question: Question): Answer {
  const asked = { validHost: question.host, originalRequest: question };
  const { fileByFilename: name, fileContainingSymbol: symbol, listServices } = question;
  if (listServices !== null) {
    const service = descriptorFiles.flatMap(({ services }) =>
      services.map((each) => ({ name: each })),
    );
    return { ...asked, listServicesResponse: { service } };
  }
  if (name === null && symbol === null) return { ...asked, ...notFound("there are no extensions") };
  const file = descriptorFiles.find(
    (each) => each.name === name || (symbol !== null && each.symbols.includes(symbol)),
  );
  if (file === undefined) return { ...asked, ...notFound(`there is no '${name ?? symbol}'`) };
  const fileDescriptorProto = [Buffer.from(file.base64, "base64")];
  return { ...asked, fileDescriptorResponse: { fileDescriptorProto } };
}

function notFound(errorMessage: string): Answer {
  return { errorResponse: { errorCode: status.NOT_FOUND, errorMessage } };
}
