/**
 * Place of an instance, as the oracle expects it: what the instance in it does by its script, what
 * the core makes of that, and who comes after it.
 *
 * A load, an execution and a stop have a limit each; who exceeds it is not heard any more. A place
 * whose instance is lost is empty for a pause that doubles with each loss since the last execution
 * that ended; a loss for good, or a stop, closes the place.
 */
import type { ExecutionStep, ExitStep, InstanceScript } from "../../instance-script.ts";
import type { Agenda } from "./agenda.ts";
import type { ExecutionOracle } from "./execution-oracle.ts";
import { endedUnasked, hangs, type OracleError, thrown, tooManyHang } from "./oracle-errors.ts";
import type { Execution, Surroundings } from "./oracle-request.ts";

export interface PlaceOwner {
  readonly agenda: Agenda;
  readonly executions: ExecutionOracle;
  scriptFor(index: number, generation: number): InstanceScript;
  freed(place: PlaceOracle): void;
  lost(place: PlaceOracle, error: OracleError): void;
  mayWriteOff(): boolean;
  closed(place: PlaceOracle, error: OracleError | undefined): void;
}

/** An instance: what it would do, and what it has been asked. */
interface Life {
  readonly script: InstanceScript;
  execution: Execution | undefined;
  abortedCount: number;
  isAskedToStop: boolean;
}

export class PlaceOracle {
  readonly index: number;
  readonly #owner: PlaceOwner;
  readonly #around: Surroundings;
  /** Undefined: empty. */
  #life: Life | undefined = undefined;
  #generation = 0;
  #state: "empty" | "loading" | "ready" | "closed" = "empty";
  #isStopping = false;
  #lossesInRow = 0;
  restartCount = 0;

  constructor(owner: PlaceOwner, around: Surroundings, index: number) {
    this.#owner = owner;
    this.#around = around;
    this.index = index;
  }

  /** As the counters tell it; undefined: closed. */
  get condition(): "dead" | "loading" | "ready" | "busy" | undefined {
    if (this.#state === "closed") return undefined;
    if (this.#state === "empty") return "dead";
    if (this.#state === "loading") return "loading";
    return this.#life?.execution === undefined ? "ready" : "busy";
  }

  get canRun(): boolean {
    return this.#state === "ready" && !this.#isStopping;
  }

  start(): void {
    const { load, time } = this.#around;
    this.#generation += 1;
    const script = this.#owner.scriptFor(this.index, this.#generation);
    const life: Life = { script, execution: undefined, abortedCount: 0, isAskedToStop: false };
    this.#life = life;
    this.#state = "loading";
    this.#note("starts");
    const step = script.load;
    this.#later(life, step.atMs, () => {
      if (step.kind === "exit") this.#exit(step);
      else this.#ready();
    });
    const { crash } = script;
    if (crash !== undefined) this.#later(life, crash.atMs, () => this.#exit(crash));
    const isLoading = (): boolean =>
      this.#life === life && this.#state === "loading" && !this.#isStopping;
    this.#owner.agenda.add(time.nowMs + load.model.limits.loadTimeoutMs, isLoading, () =>
      this.#writeOff("hangs loading", "(did not load in time)"),
    );
  }

  run(execution: Execution): void {
    const { load, time } = this.#around;
    const life = this.#life;
    if (life === undefined) throw new Error("the oracle runs a batch in an empty place");
    life.execution = execution;
    life.abortedCount = 0;
    const isRunning = (): boolean =>
      this.#life === life && life.execution === execution && !this.#isStopping;
    this.#owner.agenda.add(time.nowMs + load.model.limits.executionTimeoutMs, isRunning, () =>
      this.#writeOff("hangs running", "(did not answer in time)"),
    );
    for (const step of life.script.execute(execution.requests.length, time.nowMs)) {
      if (step.atMs > time.nowMs) {
        this.#later(life, step.atMs, () => this.#perform(life, execution, step));
      } else if (this.#life === life) {
        this.#around.coverage.count("answered at once");
        this.#perform(life, execution, step);
      }
    }
  }

  abort(execution: Execution, index: number): void {
    const life = this.#life;
    if (life?.execution !== execution) return;
    this.#note(`aborts ${index}`);
    const { coverage, time } = this.#around;
    const { nowMs } = time;
    const { length } = execution.requests;
    life.abortedCount += 1;
    const { abortedCount } = life;
    for (const step of life.script.onAbort(length, nowMs)) {
      coverage.count("answered inside an abort");
      this.#perform(life, execution, step);
    }
    if (!life.script.heedsAborts || abortedCount < length) return;
    coverage.count("aborted execution ends");
    const times = { computeInputEndMs: nowMs, computeOutputStartMs: nowMs };
    this.#finish(life, execution, { kind: "done", atMs: nowMs, times, answers: [] });
    execution.isCutShort = true;
  }

  stop(): void {
    if (this.#isStopping || this.#state === "closed") return;
    this.#isStopping = true;
    const life = this.#life;
    const { load, time, coverage } = this.#around;
    if (life === undefined) {
      coverage.count("stop while dead");
      this.#close();
      return;
    }
    this.#owner.agenda.add(
      time.nowMs + load.model.limits.loadTimeoutMs,
      () => this.#life === life,
      () => this.#writeOff("hangs stopping", "(did not stop in time)"),
    );
    this.#note("stops");
    life.isAskedToStop = true;
    this.#leaveIfAsked(life);
  }

  abandon(error: OracleError): void {
    if (this.#state === "closed") return;
    if (this.#life !== undefined) this.#note("is abandoned");
    this.#close(error);
  }

  #ready(): void {
    if (this.#state !== "loading") return;
    this.#state = "ready";
    if (!this.#isStopping) this.#owner.freed(this);
  }

  #perform(life: Life, execution: Execution, step: ExecutionStep): void {
    const { executions } = this.#owner;
    if (execution.isCutShort) return;
    switch (step.kind) {
      case "respond":
        executions.respond(execution, step.requestIndex, step);
        return;
      case "fail":
        executions.fail(execution, step.requestIndex, step.error);
        return;
      case "exit":
        this.#exit(step);
        return;
      default:
        this.#finish(life, execution, step);
    }
  }

  /** The next batch goes to the instance first, then these answers go to their callers. */
  #finish(
    life: Life,
    execution: Execution,
    step: Extract<ExecutionStep, { kind: "done" | "failed" | "throw" }>,
  ): void {
    const { executions } = this.#owner;
    if (life.execution !== execution) {
      this.#around.coverage.count("answered after the end");
      return;
    }
    if (step.kind === "failed") this.#around.coverage.count("execution failed");
    if (step.kind === "throw") this.#around.coverage.count("execute throws");
    life.execution = undefined;
    this.#lossesInRow = 0;
    executions.end(execution, step.kind === "throw" ? undefined : step.times);
    if (!this.#isStopping) this.#owner.freed(this);
    executions.settle(execution, (index) => {
      if (step.kind === "done") return step.answers[index];
      return step.kind === "failed" ? step.error : thrown;
    });
    if (this.#life === life && life.execution === undefined) this.#leaveIfAsked(life);
  }

  #exit(step: ExitStep): void {
    const { error = endedUnasked, isFinal } = step;
    this.#countExit(step);
    if (this.#isStopping) this.#close(error);
    else this.#lose(error, isFinal);
  }

  #countExit({ error, isFinal }: ExitStep): void {
    const { coverage } = this.#around;
    const execution = this.#life?.execution;
    if (isFinal) coverage.count("crash for good");
    if (error === undefined) coverage.count("ended unasked");
    if (execution !== undefined) coverage.count("crash running");
    else if (this.#isStopping) coverage.count("crash while stopping");
    else coverage.count(this.#state === "loading" ? "crash while loading" : "crash idle");
  }

  #lose(error: OracleError, isFinal: boolean): void {
    const { load, time } = this.#around;
    const execution = this.#life?.execution;
    if (isFinal) {
      this.#close(error, true);
      return;
    }
    const { backoffMs, maxBackoffMs } = load.model.limits;
    const pauseMs = Math.min(backoffMs * 2 ** this.#lossesInRow, maxBackoffMs);
    this.#lossesInRow += 1;
    this.#life = undefined;
    this.#state = "empty";
    const isEmpty = (): boolean => this.#state === "empty";
    this.#owner.agenda.add(time.nowMs + pauseMs, isEmpty, () => {
      this.restartCount += 1;
      this.#around.coverage.count("instance loaded again");
      this.start();
    });
    this.#owner.lost(this, error);
    this.#breakOff(execution, error);
  }

  #writeOff(kind: "hangs loading" | "hangs running" | "hangs stopping", message: string): void {
    this.#around.coverage.count(kind);
    const error = hangs(message);
    if (this.#isStopping) {
      this.abandon(error);
      return;
    }
    this.#note("is abandoned");
    const isEnded = this.#life?.script.endsWhenAbandoned ?? false;
    if (isEnded) this.#around.coverage.count("ended when abandoned");
    if (isEnded || this.#owner.mayWriteOff()) this.#lose(error, false);
    else {
      this.#around.coverage.count("too many hang");
      this.#lose(tooManyHang, true);
    }
  }

  #breakOff(execution: Execution | undefined, error: OracleError): void {
    if (execution === undefined) return;
    this.#owner.executions.end(execution);
    this.#owner.executions.settle(execution, () => error);
  }

  /** What it ran fails first; then comes what follows for the others, if it failed for good. */
  #close(error?: OracleError, isFailure = false): void {
    const execution = this.#life?.execution;
    this.#life = undefined;
    this.#state = "closed";
    if (error !== undefined) this.#breakOff(execution, error);
    this.#owner.closed(this, isFailure ? error : undefined);
  }

  /** An instance that is asked to stop leaves when nothing runs. */
  #leaveIfAsked(life: Life): void {
    if (!life.isAskedToStop || life.execution !== undefined) return;
    const { nowMs } = this.#around.time;
    const atMs = life.script.stopsAtMs(nowMs);
    if (atMs <= nowMs) this.#close();
    else this.#later(life, atMs, () => this.#close());
  }

  /** What this instance does then, if it is still heard. */
  #later(life: Life, atMs: number, act: () => void): void {
    this.#owner.agenda.add(atMs, () => this.#life === life, act);
  }

  #note(text: string): void {
    const { journal, page } = this.#around;
    journal.note(page, `instance ${this.index} ${text}`);
  }
}
