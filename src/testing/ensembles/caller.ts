/**
 * A caller of a simulated run: hears what it is answered, leaves, takes what streams; and what can be
 * said of units and errors as it sees them.
 */
import type { PendingRequest, ResponseSink } from "../../core/scheduler.ts";
import type { InferenceError } from "../../protocol/errors.ts";
import type { InferResponse } from "../../protocol/infer.ts";
import { tensorsOf } from "./unit-configs.ts";
import type { EnsembleUnit, Tensors, Unit } from "./units.ts";

/** Responses by which a stream may be ahead of its reader. */
const streamWindow = 3;

export interface CallerFields {
  readonly unit: Unit;
  readonly expected: readonly string[];
  readonly deadlineMs: number;
  /** Something it needs is not there. */
  readonly isRefused: boolean;
  /** As soon as it has heard a response. */
  readonly takes: () => void;
  readonly ended: (error: InferenceError | undefined) => void;
}

export class Caller implements ResponseSink {
  readonly unit: Unit;
  readonly expected: readonly string[];
  readonly deadlineMs: number;
  readonly isRefused: boolean;
  readonly heard: string[] = [];
  readonly #fields: CallerFields;
  pending: PendingRequest | undefined = undefined;
  isBeingSent = false;
  isLeaving = false;
  isOver = false;
  #takenCount = 0;

  constructor(fields: CallerFields) {
    this.#fields = fields;
    this.unit = fields.unit;
    this.expected = fields.expected;
    this.deadlineMs = fields.deadlineMs;
    this.isRefused = fields.isRefused;
  }

  respond({ outputs }: InferResponse, isFinal: boolean): void {
    insist(!this.isOver, `${this.unit.name} answered after the end`);
    if (outputs.length > 0) {
      const tensors = tensorsOf(outputs);
      this.heard.push(textOf(tensors, Object.keys(tensors)));
    }
    if (isFinal) this.#end(undefined);
    else this.#fields.takes();
  }

  fail(error: InferenceError): void {
    insist(!this.isOver, `${this.unit.name} failed after the end`);
    this.#end(error);
  }

  cancel(): void {
    if (this.isOver) return;
    this.isLeaving = true;
    this.pending?.cancel();
    insist(this.isOver, `${this.unit.name} heard at once that it was left`);
  }

  take(count: number): void {
    if (this.isOver) return;
    const taken = Math.min(count, this.heard.length - this.#takenCount);
    this.#takenCount += taken;
    if (taken > 0) this.pending?.credit(taken);
  }

  check(nowMs: number): void {
    if (this.isOver) return;
    const { unit, deadlineMs } = this;
    insist(nowMs <= deadlineMs + 1, `${unit.name} heard of its deadline`);
    const aheadCount = this.heard.length - this.#takenCount;
    const isOneStream = streamsIn(unit) === 1;
    insist(!isOneStream || aheadCount <= streamWindow, `${unit.name} is ${aheadCount} ahead`);
  }

  #end(error: InferenceError | undefined): void {
    this.isOver = true;
    this.#fields.ended(error);
  }
}

/** Without the names of the ensembles around it; undefined: they are not those. */
export function withoutNames(unit: Unit, message: string): string | undefined {
  if (unit.kind === "model") return message;
  const prefix = `in ensemble '${unit.name}', `;
  if (!message.startsWith(prefix)) return undefined;
  const rest = message.slice(prefix.length);
  if (!rest.startsWith("in ensemble ")) return rest;
  const inner = ensemblesIn(unit).find(({ name }) => rest.startsWith(`in ensemble '${name}', `));
  return inner && withoutNames(inner, rest);
}

function ensemblesIn({ steps }: EnsembleUnit): readonly EnsembleUnit[] {
  return steps.flatMap(({ unit }) => (unit.kind === "ensemble" ? [unit] : []));
}

export function streamsIn(unit: Unit): number {
  if (unit.kind === "model") return unit.isDecoupled ? 1 : 0;
  return unit.steps.reduce((count, step) => count + streamsIn(step.unit), 0);
}

export function uses(user: Unit, used: Unit): boolean {
  if (user.kind === "model") return false;
  return user.steps.some(({ unit }) => unit === used || uses(unit, used));
}

export function textOf(tensors: Tensors, names: readonly string[]): string {
  const parts = [...names].sort().map((name) => `${name}=${tensors[name]?.join("/")}`);
  return parts.join(" ");
}

export function insist(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`not true: ${what}`);
}
