/**
 * Health service: Check answers at once; Watch tells the status, and again whenever it changes.
 *
 * The service that is asked for does not matter: all are as ready as the server. Nobody tells when
 * readiness changes, so it is looked at every half second while somebody watches. A watcher that
 * reads nothing is told only what holds when it reads again.
 */
import type { Server, ServerWritableStream } from "@grpc/grpc-js";
import { InferenceError } from "../../protocol/errors.ts";
import { grpc } from "../../protocol/generated/messages.js";
import { exiting, isExiting } from "../refusals.ts";
import type { GrpcOptions } from "./grpc-options.ts";
import { type Parsed, parsed, statusOf } from "./grpc-status.ts";
import type { OpenStreams } from "./open-streams.ts";
import { addUnaryCall } from "./unary-call.ts";
import { deserializer, serializer } from "./wire-message.ts";

const { HealthCheckRequest, HealthCheckResponse } = grpc.health.v1;
const { SERVING, NOT_SERVING } = HealthCheckResponse.ServingStatus;

type WatchCall = ServerWritableStream<
  Parsed<grpc.health.v1.HealthCheckRequest>,
  grpc.health.v1.HealthCheckResponse.$Properties
>;

const lookEveryMs = 500;

export function addHealthCalls(server: Server, options: GrpcOptions, open: OpenStreams): void {
  const { service, log, clock } = options;
  addUnaryCall(server, log, {
    path: "/grpc.health.v1.Health/Check",
    request: HealthCheckRequest,
    response: HealthCheckResponse,
    answer: () => {
      if (isExiting(service.state)) throw exiting("exiting");
      return { status: service.isReady() ? SERVING : NOT_SERVING };
    },
  });
  const watch = (call: WatchCall): void => {
    let told: number | undefined;
    let isTaken = true;
    let cancelLook = (): void => {};
    const end = (): void => {
      cancelLook();
      open.delete(stream);
    };
    const stream = {
      stop: () => {
        end();
        call.emit("error", statusOf(exiting("exiting")));
      },
    };
    const look = (): void => {
      const status = service.isReady() ? SERVING : NOT_SERVING;
      if (status !== told && isTaken) {
        told = status;
        isTaken = call.write({ status });
      }
      cancelLook = clock.wakeAt(clock.nowMs() + lookEveryMs, look);
    };
    call.on("cancelled", end);
    call.on("drain", () => {
      isTaken = true;
    });
    try {
      parsed(call.request);
      if (isExiting(service.state)) throw exiting("exiting");
      open.add(stream);
      look();
    } catch (reason) {
      call.emit("error", statusOf(InferenceError.from(reason)));
    }
  };
  server.register(
    "/grpc.health.v1.Health/Watch",
    watch,
    serializer(HealthCheckResponse),
    deserializer(HealthCheckRequest),
    "serverStream",
  );
}
