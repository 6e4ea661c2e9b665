/**
 * Place of an instance, as the oracle expects it: what the instance in it does by its script, what
 * the core makes of that, and who comes after it.
 *
 * A load, an execution and a stop have a limit each; who exceeds it is not heard any more. That of
 * an execution begins anew with each sign of life of a stream: a response that was given or taken.
 * While one waits to be taken, the instance owes nothing. A place
 * whose instance is lost is empty for a pause that doubles with each loss since the last execution
 * that ended; a loss for good, or a stop, closes the place.
 */
import type {
  ExecutionStep,
  ExitStep,
  InstanceScript,
  ScriptedTimes,
} from "../../instance-script.ts";
import type { Agenda } from "./agenda.ts";
import type { ExecutionOracle, LastWord } from "./execution-oracle.ts";
import { endedUnasked, hangs, type OracleError, thrown, tooManyHang } from "./oracle-errors.ts";
import type { Attempt, Execution, OracleRequest, Surroundings } from "./oracle-request.ts";
import { type EndStep, type Life, nameIn, nowTimes, taskOf } from "./place-life.ts";

export interface PlaceOwner {
  readonly agenda: Agenda;
  readonly executions: ExecutionOracle;
  scriptFor(index: number, generation: number): InstanceScript;
  freed(place: PlaceOracle): void;
  lost(place: PlaceOracle, error: OracleError): void;
  mayWriteOff(): boolean;
  closed(place: PlaceOracle, error: OracleError | undefined): void;
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
    return this.runningCount === 0 ? "ready" : "busy";
  }

  /** Executions. */
  get runningCount(): number {
    return this.#life?.tasks.length ?? 0;
  }

  get hasRoom(): boolean {
    return this.canRun && this.runningCount < this.#around.load.model.concurrency;
  }

  get canRun(): boolean {
    return this.#state === "ready" && !this.#isStopping;
  }

  start(): void {
    const { load, time } = this.#around;
    this.#generation += 1;
    const script = this.#owner.scriptFor(this.index, this.#generation);
    const life: Life = { script, tasks: [], isAskedToStop: false };
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
    const { time } = this.#around;
    const life = this.#life;
    if (life === undefined) throw new Error("the oracle runs a batch in an empty place");
    if (life.tasks.length > 0) this.#around.coverage.count("batches side by side");
    life.tasks = [...life.tasks, { execution, signCount: 0, signMs: time.nowMs }];
    this.#attempt(life, execution, execution.requests);
  }

  /** From now on it may be silent for so long, unless a response of it waits to be taken. */
  showLife(execution: Execution): void {
    const life = this.#life;
    const task = taskOf(life, execution);
    if (life === undefined || task === undefined) return;
    const { load, time, coverage } = this.#around;
    const limitMs = load.model.limits.executionTimeoutMs;
    if (time.nowMs - task.signMs > limitMs) coverage.count("reader is slower than the limit");
    task.signCount += 1;
    task.signMs = time.nowMs;
    const { signCount } = task;
    if (execution.requests.some(({ untaken }) => untaken > 0)) return;
    const isSilent = (): boolean =>
      this.#life === life &&
      life.tasks.includes(task) &&
      task.signCount === signCount &&
      !this.#isStopping;
    this.#owner.agenda.add(time.nowMs + limitMs, isSilent, () => {
      if (signCount > 1) coverage.count("stream falls silent");
      this.#writeOff("hangs running", "(did not answer in time)");
    });
  }

  credit(execution: Execution, index: number, count: number): void {
    const life = this.#life;
    if (life === undefined || taskOf(life, execution) === undefined) return;
    const { attempt } = execution;
    if (attempt === undefined) return;
    this.#note(`credits ${count} to ${nameIn(attempt, index)}`);
    const { coverage, time } = this.#around;
    const { nowMs } = time;
    for (const step of life.script.onCredit(index, nowMs)) {
      if (step.atMs > nowMs) this.#later(life, step.atMs, () => this.#perform(life, attempt, step));
      else {
        coverage.count("answered inside a credit");
        this.#perform(life, attempt, step);
      }
    }
  }

  /** Only of what runs just now. */
  abort(execution: Execution, request: OracleRequest): void {
    const life = this.#life;
    const { attempt } = execution;
    if (life === undefined || attempt?.requests.includes(request) !== true) return;
    this.#note(`aborts r${request.plan.number}`);
    const { coverage, time } = this.#around;
    const { nowMs } = time;
    const { length } = attempt.requests;
    attempt.abortedCount += 1;
    const { abortedCount } = attempt;
    for (const step of life.script.onAbort(length, nowMs)) {
      coverage.count("answered inside an abort");
      this.#perform(life, attempt, step);
    }
    if (!life.script.heedsAborts || abortedCount < length) return;
    coverage.count("aborted execution ends");
    attempt.isCutShort = true;
    const times = { computeInputEndMs: nowMs, computeOutputStartMs: nowMs };
    this.#finish(life, attempt, { kind: "done", atMs: nowMs, times, answers: [] });
  }

  stop(): void {
    if (this.#isStopping || this.#state === "closed") return;
    this.#isStopping = true;
    const life = this.#life;
    const { load, time, coverage } = this.#around;
    if (this.runningCount > 1) coverage.count("stop with several batches");
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
    if (this.runningCount > 1) this.#around.coverage.count("abandon with several batches");
    this.#close(error);
  }

  #ready(): void {
    if (this.#state !== "loading") return;
    this.#state = "ready";
    if (!this.#isStopping) this.#owner.freed(this);
  }

  /** Its instance is called: with all of a batch, or with a part of it. */
  #attempt(life: Life, execution: Execution, requests: readonly OracleRequest[]): void {
    const { time, coverage } = this.#around;
    const { nowMs } = time;
    const attempt: Attempt = { execution, requests, abortedCount: 0, isCutShort: false };
    execution.attempt = attempt;
    for (const [index, request] of requests.entries()) request.index = index;
    const rows = requests.reduce((sum, request) => sum + request.rows, 0);
    const texts = requests.map((request) => `r${request.plan.number}(${request.rows})`);
    this.#note(`runs ${texts.join(" ")}, ${rows} rows`);
    this.showLife(execution);
    const isPoisoned = requests.some(({ plan }) => plan.isPoisonous);
    for (const step of life.script.execute(requests.length, nowMs, isPoisoned)) {
      if (step.atMs > nowMs) {
        this.#later(life, step.atMs, () => this.#perform(life, attempt, step));
      } else if (this.#life === life) {
        coverage.count("answered at once");
        this.#perform(life, attempt, step);
      }
    }
  }

  #perform(life: Life, attempt: Attempt, step: ExecutionStep): void {
    const { executions } = this.#owner;
    if (attempt.isCutShort) return;
    switch (step.kind) {
      case "respond":
        executions.respond(attempt, step.requestIndex, step);
        return;
      case "fail":
        executions.fail(attempt, step.requestIndex, step.error);
        return;
      case "exit":
        this.#exit(step);
        return;
      default:
        this.#finish(life, attempt, step);
    }
  }

  /** An attempt has ended: perhaps parts of it are run again. */
  #finish(life: Life, attempt: Attempt, step: EndStep): void {
    const { coverage, time } = this.#around;
    const { executions } = this.#owner;
    const { execution } = attempt;
    if (taskOf(life, execution) === undefined || execution.attempt !== attempt) {
      coverage.count("answered after the end");
      return;
    }
    if (step.kind === "failed") coverage.count("execution failed");
    if (step.kind === "throw") coverage.count("execute throws");
    const error = step.kind === "failed" ? step.error : thrown;
    const inputEndMs = step.kind === "throw" ? execution.startMs : step.times.computeInputEndMs;
    const failure = { error, inputEndMs, mayRunAgain: !this.#isStopping };
    const isCut = executions.isCut(attempt, step.kind === "done" ? undefined : failure);
    const wordOn = (index: number): LastWord =>
      step.kind === "done" ? step.answers[index] : error;
    const times = step.kind === "throw" ? nowTimes(execution, time.nowMs) : step.times;
    if (!isCut && execution.isolation?.isOver !== false) {
      this.#end(life, execution, times);
      executions.settle(attempt, wordOn);
    } else {
      execution.attempt = undefined;
      if (!isCut) executions.settle(attempt, wordOn, times);
      this.#goOn(life, execution);
    }
    if (this.#life === life) this.#leaveIfAsked(life);
  }

  /** With the next part, if there is one. */
  #goOn(life: Life, execution: Execution): void {
    const { coverage, counters } = this.#around;
    const { isolation } = execution;
    if (isolation === undefined || this.#life !== life) return;
    if (this.#isStopping) coverage.count("stop between parts");
    const requests = this.#isStopping ? undefined : isolation.next();
    if (requests === undefined) {
      if (!this.#isStopping) coverage.count("all leave before their parts");
      this.#end(life, execution);
      const rest = { execution, requests: execution.requests };
      this.#owner.executions.settle(rest, () => isolation.error);
    } else {
      counters.isolation.parts += 1;
      this.#attempt(life, execution, requests);
    }
  }

  /** The next batch goes to the instance first, then its last answers go to their callers. */
  #end(life: Life, execution: Execution, times?: ScriptedTimes): void {
    const { coverage, load, time } = this.#around;
    if (time.nowMs - execution.startMs > load.model.limits.executionTimeoutMs) {
      coverage.count("stream is longer than the limit");
    }
    const hadRoom = this.hasRoom;
    life.tasks = life.tasks.filter((task) => task.execution !== execution);
    if (life.tasks.some(({ execution: { startMs } }) => startMs < execution.startMs)) {
      coverage.count("batch overtakes");
    }
    this.#lossesInRow = 0;
    this.#owner.executions.end(execution, times);
    if (!hadRoom && !this.#isStopping) this.#owner.freed(this);
  }

  #exit(step: ExitStep): void {
    const { error = endedUnasked, isFinal } = step;
    this.#countExit(step);
    if (this.#isStopping) this.#close(error);
    else this.#lose(error, isFinal);
  }

  #countExit({ error, isFinal }: ExitStep): void {
    const { coverage } = this.#around;
    if (isFinal) coverage.count("crash for good");
    if (error === undefined) coverage.count("ended unasked");
    if (this.runningCount > 1) coverage.count("crash with several batches");
    if (this.runningCount > 0) coverage.count("crash running");
    else if (this.#isStopping) coverage.count("crash while stopping");
    else coverage.count(this.#state === "loading" ? "crash while loading" : "crash idle");
  }

  #lose(error: OracleError, isFinal: boolean): void {
    const { load, time } = this.#around;
    const life = this.#life;
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
    this.#breakOff(life, error);
  }

  #writeOff(kind: "hangs loading" | "hangs running" | "hangs stopping", message: string): void {
    this.#around.coverage.count(kind);
    if (this.runningCount > 1) this.#around.coverage.count("hangs with several batches");
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

  /** All that ran has ended before anybody hears of it. */
  #breakOff(life: Life | undefined, error: OracleError): void {
    const { executions } = this.#owner;
    const tasks = life?.tasks ?? [];
    for (const { execution } of tasks) executions.end(execution);
    for (const { execution } of tasks) {
      executions.settle({ execution, requests: execution.requests }, () => error);
    }
  }

  /** What it ran fails first; then comes what follows for the others, if it failed for good. */
  #close(error?: OracleError, isFailure = false): void {
    const life = this.#life;
    this.#life = undefined;
    this.#state = "closed";
    if (error !== undefined) this.#breakOff(life, error);
    this.#owner.closed(this, isFailure ? error : undefined);
  }

  /** An instance that is asked to stop leaves when nothing runs. */
  #leaveIfAsked(life: Life): void {
    if (!life.isAskedToStop || life.tasks.length > 0) return;
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
