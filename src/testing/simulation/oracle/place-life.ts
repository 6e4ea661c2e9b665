/**
 * What the oracle knows of one instance: its script, and the executions that run in it.
 */
import type { ExecutionStep, InstanceScript, ScriptedTimes } from "../../instance-script.ts";
import type { Attempt, Execution } from "./oracle-request.ts";

/** An instance: what it would do, and what it has been asked. */
export interface Life {
  readonly script: InstanceScript;
  /** Those that run, in the order in which they began. */
  tasks: readonly Task[];
  isAskedToStop: boolean;
}

export type EndStep = Extract<ExecutionStep, { kind: "done" | "failed" | "throw" }>;

/** An execution that runs. */
export interface Task {
  readonly execution: Execution;
  /** Signs of life so far, and when the last one was. */
  signCount: number;
  signMs: number;
}

export function taskOf(life: Life | undefined, execution: Execution): Task | undefined {
  return life?.tasks.find((task) => task.execution === execution);
}

/** What an instance that throws did not tell. */
export function nowTimes({ startMs }: Execution, nowMs: number): ScriptedTimes {
  return { computeInputEndMs: startMs, computeOutputStartMs: nowMs };
}

export function nameIn({ requests }: Attempt, index: number): string {
  return `r${requests[index]?.plan.number}`;
}
