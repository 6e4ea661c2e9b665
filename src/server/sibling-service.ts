/**
 * Sibling service: runs what models ask of other models. Each call is a request like a client's:
 * the same queue, limits, batches, statistics and errors; but it goes in no circle, and a server
 * that drains lets it in.
 */
import type { PendingSibling, SiblingRequest, SiblingSink } from "../backends/sibling-calls.ts";
import { type FindConfig, waitsOf } from "../core/ensemble-waits.ts";
import type { InferenceService } from "../core/inference-service.ts";
import type { ModelConfig } from "../core/model-config.ts";
import type { SiblingOrigin, SiblingService } from "../executor/batch-siblings.ts";
import { InferenceError } from "../protocol/errors.ts";
import { CallGraph } from "./call-graph.ts";
import { inferRequestFor, refuseStream } from "./in-process-infer.ts";

export class ServerSiblings implements SiblingService {
  readonly #service: InferenceService;
  readonly #calls: CallGraph = new CallGraph();

  constructor(service: InferenceService) {
    this.#service = service;
  }

  call(request: SiblingRequest, origin: SiblingOrigin, sink: SiblingSink): PendingSibling {
    const { modelName, version: modelVersion, inputs, options, isStream } = request;
    const { caller, deadlineMs, logId } = origin;
    try {
      const { config } = this.#service.lookUp(modelName, modelVersion);
      this.#enterSteps(config);
      this.#calls.enter(caller, config);
      if (!isStream) refuseStream(config);
      const target = { modelName, modelVersion, config };
      const written = inferRequestFor(target, inputs, { id: origin.id, ...options });
      const inferRequest = { ...written, logId: options.id ?? logId };
      return this.#service.infer(inferRequest, sink, { deadlineMs, isInternal: true });
    } catch (reason) {
      sink.fail(InferenceError.from(reason));
      return neverSent;
    }
  }

  /** An ensemble waits for the models of its steps: a circle may go through them. */
  #enterSteps(config: ModelConfig): void {
    if (config.ensemble === undefined) return;
    const find: FindConfig = (name, version) => this.#service.lookUp(name, version).config;
    for (const { waiter, awaited } of waitsOf(config, find)) {
      this.#enterSteps(awaited);
      this.#calls.enter(waiter, awaited);
    }
  }
}

const neverSent: PendingSibling = { cancel() {}, credit() {} };
