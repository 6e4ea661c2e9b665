/**
 * Profile of a run: which whole kinds of events happen in it at all.
 *
 * What happens everywhere hides what happens rarely: a fault that shows only while nobody cancels
 * needs runs in which nobody does.
 */
import type { Random } from "../random.ts";

export interface Profile {
  readonly cancels: boolean;
  readonly deadlines: boolean;
  readonly timeouts: boolean;
  readonly delays: boolean;
  readonly priorities: boolean;
  readonly ordering: boolean;
  /** Models measure requests, and put them into buckets. */
  readonly measures: boolean;
  readonly queueLimits: boolean;
  readonly byteLimit: boolean;
  readonly optionalInputs: boolean;
  /** Requests fail, or whole executions. */
  readonly failures: boolean;
  /** Some requests make every execution fail that they are part of. */
  readonly poison: boolean;
  readonly crashes: boolean;
  readonly hangs: boolean;
  readonly loadFailures: boolean;
  /** Answers before the end of an execution, streams among them. */
  readonly early: boolean;
  /** Instances run several batches at a time. */
  readonly concurrency: boolean;
  /** Models that may give any number of responses. */
  readonly streams: boolean;
  /** Answers within the call that asks for them. */
  readonly atOnce: boolean;
  readonly misbehaves: boolean;
  /** Callers act from within an answer. */
  readonly callersAct: boolean;
  /** Models come and go. */
  readonly reloads: boolean;
  readonly floods: boolean;
  /** Time passes while nothing runs. */
  readonly blocks: boolean;
  readonly abandons: boolean;
  /** The server drains in the middle of everything; else when all is quiet. */
  readonly endsBusy: boolean;
  /** Statistics are read after every step; else now and then. */
  readonly readsOften: boolean;
}

export function drawProfile(random: Random): Profile {
  const ordering = random.chance(0.4);
  return {
    cancels: random.chance(0.6),
    deadlines: random.chance(0.5),
    timeouts: random.chance(0.5),
    delays: random.chance(0.6),
    priorities: random.chance(0.4),
    ordering,
    measures: random.chance(0.35),
    queueLimits: random.chance(0.4),
    byteLimit: random.chance(0.2),
    optionalInputs: random.chance(0.3),
    failures: random.chance(0.5),
    poison: random.chance(0.5),
    crashes: random.chance(0.4),
    hangs: random.chance(0.3),
    loadFailures: random.chance(0.4),
    // Many answers are held back only where they come early, piece by piece.
    early: random.chance(ordering ? 0.7 : 0.3),
    concurrency: random.chance(0.4),
    streams: random.chance(0.4),
    atOnce: random.chance(0.3),
    misbehaves: random.chance(0.3),
    callersAct: random.chance(0.4),
    reloads: random.chance(0.5),
    floods: random.chance(0.3),
    blocks: random.chance(0.4),
    abandons: random.chance(0.3),
    endsBusy: random.chance(0.5),
    readsOften: random.chance(0.85),
  };
}
