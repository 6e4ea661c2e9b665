/**
 * Delayed answers: whatever a call answers that is no inference, its client hears of its end so much
 * later. For tests of clients; a server that was not asked for it has nothing of this.
 */
import { ServerInterceptingCall, type ServerInterceptor } from "@grpc/grpc-js";
import type { Clock } from "../../core/clock.ts";
import { servicePath } from "../endpoint-groups.ts";

export function delayAnswers(delayMs: number, clock: Clock): ServerInterceptor {
  return ({ path, requestStream, responseStream }, call) => {
    const isUnary = !requestStream && !responseStream;
    // What runs an inference reaches into its call (grpc-internals.ts): so that stays as it is.
    if (!isUnary || path === `${servicePath}ModelInfer`) return call as ServerInterceptingCall;
    return new ServerInterceptingCall(call, {
      sendStatus: (status, next) => {
        clock.wakeAt(clock.nowMs() + delayMs, () => next(status));
      },
    });
  };
}
