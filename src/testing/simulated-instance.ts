/**
 * Simulated instance: does what a script says, when it says so, on a clock that is passed in.
 *
 * It keeps the contract of core/instance.ts where its script does, and tells the core nothing
 * after it has exited, unless the script talks on. Being abandoned changes nothing for it if it
 * cannot be ended, as it would not for a thread that hangs: whether it is still heard is the core's
 * affair.
 *
 * Not here: where scripts come from. What a response holds is told by `respondTo`.
 */
import type { Clock } from "../core/clock.ts";
import type {
  ExecutionBatch,
  ExecutionEmitter,
  ExecutionRequest,
  Instance,
  InstanceEvents,
  InstanceHost,
  ModelAnswer,
  ModelResponse,
} from "../core/instance.ts";
import { InferenceError } from "../protocol/errors.ts";
import type {
  DoneStep,
  ExecutionStep,
  ExitStep,
  InstanceScript,
  ScriptedError,
} from "./instance-script.ts";

export interface SimulatedHostOptions {
  readonly clock: Clock;
  /** Asked once for each instance that is started. */
  readonly scriptFor: (index: number) => InstanceScript;
  /** `part`: of a response before the end that of its step, else undefined. */
  readonly respondTo: (request: ExecutionRequest, part: number | undefined) => ModelResponse;
}

export class SimulatedHost implements InstanceHost {
  readonly #options: SimulatedHostOptions;

  constructor(options: SimulatedHostOptions) {
    this.#options = options;
  }

  start(index: number, events: InstanceEvents): Instance {
    return new SimulatedInstance(this.#options, this.#options.scriptFor(index), events);
  }
}

interface Execution {
  readonly batch: ExecutionBatch;
  readonly emit: ExecutionEmitter;
  abortedCount: number;
  /** Ended by an abort: the rest of its script is void. */
  isCutShort: boolean;
}

class SimulatedInstance implements Instance {
  readonly #options: SimulatedHostOptions;
  readonly #script: InstanceScript;
  readonly #events: InstanceEvents;
  #executions: readonly Execution[] = [];
  #isStopping = false;
  #isGone = false;

  constructor(options: SimulatedHostOptions, script: InstanceScript, events: InstanceEvents) {
    this.#options = options;
    this.#script = script;
    this.#events = events;
    const { load, crash } = script;
    options.clock.wakeAt(load.atMs, () =>
      load.kind === "ready" ? this.#ready() : this.#exit(load),
    );
    if (crash !== undefined) options.clock.wakeAt(crash.atMs, () => this.#exit(crash));
  }

  execute(batch: ExecutionBatch, emit: ExecutionEmitter): void {
    const { clock } = this.#options;
    const nowMs = clock.nowMs();
    const execution: Execution = { batch, emit, abortedCount: 0, isCutShort: false };
    this.#executions = [...this.#executions, execution];
    const isPoisoned = batch.requests.some(isPoisonous);
    for (const step of this.#script.execute(batch.requests.length, nowMs, isPoisoned)) {
      this.#performThen(execution, step);
    }
  }

  abort(batch: ExecutionBatch, _requestIndex: number): void {
    const execution = this.#executionOf(batch);
    if (execution === undefined) return;
    const nowMs = this.#options.clock.nowMs();
    const { length } = execution.batch.requests;
    execution.abortedCount += 1;
    const { abortedCount } = execution;
    for (const step of this.#script.onAbort(length, nowMs)) this.#perform(execution, step);
    if (!this.#script.heedsAborts || abortedCount < length) return;
    execution.isCutShort = true;
    const times = { computeInputEndMs: nowMs, computeOutputStartMs: nowMs };
    const answers = execution.batch.requests.map(() => undefined);
    this.#end(execution, () => execution.emit.done(times, answers));
  }

  credit(batch: ExecutionBatch, requestIndex: number, _responseCount: number): void {
    const execution = this.#executionOf(batch);
    if (execution === undefined) return;
    const nowMs = this.#options.clock.nowMs();
    for (const step of this.#script.onCredit(requestIndex, nowMs)) {
      this.#performThen(execution, step);
    }
  }

  stop(): void {
    if (this.#isStopping || this.#isGone) return;
    this.#isStopping = true;
    if (this.#executions.length === 0) this.#leave();
  }

  abandon(): boolean {
    const { endsWhenAbandoned } = this.#script;
    if (endsWhenAbandoned) this.#isGone = true;
    return !endsWhenAbandoned;
  }

  #executionOf(batch: ExecutionBatch): Execution | undefined {
    return this.#executions.find((execution) => execution.batch === batch);
  }

  #ready(): void {
    if (this.#isGone && !this.#script.talksOn) return;
    this.#events.ready();
    if (this.#script.talksOn) this.#events.ready();
  }

  #exit({ error, isFinal }: ExitStep): void {
    if (this.#isGone && !this.#script.talksOn) return;
    this.#isGone = true;
    this.#executions = [];
    this.#events.exited(error === undefined ? undefined : asError(error), isFinal);
  }

  /** Now, if it is time. */
  #performThen(execution: Execution, step: ExecutionStep): void {
    const { clock } = this.#options;
    if (step.atMs <= clock.nowMs()) this.#perform(execution, step);
    else clock.wakeAt(step.atMs, () => this.#perform(execution, step));
  }

  #perform(execution: Execution, step: ExecutionStep): void {
    const { batch, emit } = execution;
    if (execution.isCutShort || (this.#isGone && !this.#script.talksOn)) return;
    switch (step.kind) {
      case "respond": {
        const request = batch.requests[step.requestIndex] ?? batch.requests[0];
        if (request === undefined) return;
        const { outputs, parameters } = this.#options.respondTo(request, step.part);
        const response = { outputs: step.isEmpty ? [] : outputs, parameters };
        emit.respond(step.requestIndex, response, step.isFinal);
        return;
      }
      case "fail":
        emit.fail(step.requestIndex, asError(step.error));
        return;
      case "done":
        this.#end(execution, () => emit.done(step.times, this.#answersOf(execution, step)));
        return;
      case "failed":
        this.#end(execution, () => emit.failed(step.times, asError(step.error)));
        return;
      case "throw":
        this.#end(execution, () => {
          throw new Error("a simulated failure");
        });
        return;
      case "exit":
        this.#exit(step);
    }
  }

  /** What it says may bring the next execution before it returns. */
  #end(execution: Execution, say: () => void): void {
    const isFirst = this.#executions.includes(execution);
    this.#executions = this.#executions.filter((other) => other !== execution);
    say();
    if (isFirst && this.#isStopping && this.#executions.length === 0) this.#leave();
  }

  #answersOf({ batch }: Execution, { answers }: DoneStep): readonly ModelAnswer[] {
    return answers.map((answer, index) => {
      const request = batch.requests[index];
      if (answer === undefined || request === undefined) return undefined;
      if (answer === "response") return this.#options.respondTo(request, undefined);
      return asError(answer);
    });
  }

  /** Asked to stop, and nothing runs. */
  #leave(): void {
    const { clock } = this.#options;
    const atMs = this.#script.stopsAtMs(clock.nowMs());
    const exit: ExitStep = { kind: "exit", atMs, error: undefined, isFinal: false };
    if (atMs <= clock.nowMs()) this.#exit(exit);
    else clock.wakeAt(atMs, () => this.#exit(exit));
  }
}

function isPoisonous({ request: { parameters } }: ExecutionRequest): boolean {
  return parameters["isPoisonous"] === true;
}

function asError({ code, message, reason }: ScriptedError): InferenceError {
  return new InferenceError(code, message, { reason });
}
