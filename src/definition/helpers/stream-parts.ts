/**
 * Streams of parts: a generator for each part, whose yields become responses to requests.
 *
 * Parts that share a request stay in step, because a response has all rows of its request: they
 * are a team. Each team is pulled by itself, as fast as the readers of its requests read, and ends
 * by itself; what it throws fails its own requests only.
 *
 * A request ends when its parts have ended; they must yield equally often.
 */
import type { InferenceError } from "../../protocol/errors.ts";
import type { Steps } from "../answer-forms.ts";
import type { Tensors } from "../infer-forms.ts";
import { wrongOutput } from "../named-outputs.ts";
import { isUnrecoverable } from "../unrecoverable-error.ts";
import { joinPieces, type Piece } from "./join-parts.ts";
import { type Part, requestOf } from "./parts.ts";
import type { PartsWork } from "./parts-work.ts";
import { mapTensors, rowsOf } from "./tensor-rows.ts";

interface PartStream {
  readonly part: Part;
  readonly steps: Steps;
  /** Its latest response; undefined: it has ended. */
  latest: Tensors | undefined;
}

/** It yields nothing: the responses are sent, each to its request. */
export async function* streamParts(
  work: PartsWork,
  steps: readonly Steps[],
): AsyncGenerator<never, void, undefined> {
  const streams = work.parts.map((part, index): PartStream => {
    // There is one for each part.
    return { part, steps: steps[index] as Steps, latest: undefined };
  });
  const teams = teamsOf(streams).map((team) => new Team(work, team).run());
  for (const team of await Promise.allSettled(teams)) {
    if (team.status === "rejected") throw team.reason;
  }
  yield* [];
}

/** Streams that share a request, directly or by way of others. */
function teamsOf(streams: readonly PartStream[]): readonly (readonly PartStream[])[] {
  const teamOf = new Map<number, PartStream[]>();
  for (const stream of streams) {
    const requests = stream.part.shares.map(({ request }) => request);
    const joined = new Set(requests.flatMap((request) => teamOf.get(request) ?? []));
    const team = [...joined, stream];
    for (const { part } of team) for (const { request } of part.shares) teamOf.set(request, team);
  }
  return [...new Set(teamOf.values())];
}

class Team {
  readonly #work: PartsWork;
  #live: readonly PartStream[];
  /** Requests that get more responses. */
  readonly #open: Set<number>;

  constructor(work: PartsWork, streams: readonly PartStream[]) {
    this.#work = work;
    this.#live = streams;
    this.#open = new Set(streams.flatMap(({ part }) => part.shares.map(({ request }) => request)));
  }

  async run(): Promise<void> {
    try {
      while (this.#isWanted()) await this.#step();
      await Promise.all(this.#live.map(end));
    } catch (reason) {
      const { context } = this.#work;
      if (!isUnrecoverable(reason)) {
        // Whatever it is: an error for the caller is made of it there.
        for (const request of this.#open) context.end(request, reason as InferenceError);
      }
      // Of two errors the first counts.
      await Promise.allSettled(this.#live.map(end));
      if (isUnrecoverable(reason)) throw reason;
    }
  }

  #isWanted(): boolean {
    const { context } = this.#work;
    for (const request of this.#open) if (!requestOf(context, request).isAborted()) return true;
    return false;
  }

  async #step(): Promise<void> {
    const streams = this.#live;
    await Promise.all(streams.map((stream) => this.#pull(stream)));
    this.#live = streams.filter(({ latest }) => latest !== undefined);
    await Promise.all([...this.#open].map((request) => this.#respond(request, streams)));
  }

  async #pull(stream: PartStream): Promise<void> {
    const { done, value } = await stream.steps.next();
    stream.latest = done ? undefined : this.#work.toTensors(value, stream.part);
  }

  /** With what its parts have yielded; or it ends. */
  async #respond(request: number, streams: readonly PartStream[]): Promise<void> {
    const { context, model, helper, options } = this.#work;
    const { firstRow, rows } = requestOf(context, request);
    const pieces: Piece[] = [];
    let endedCount = 0;
    for (const { part, latest } of streams) {
      const share = part.shares.find((each) => each.request === request);
      if (share === undefined) continue;
      const [from, to] = [share.firstRow, share.firstRow + share.rows];
      if (latest === undefined) endedCount += 1;
      else {
        const outputs = mapTensors(latest, (tensor) => rowsOf(tensor, from, to));
        pieces.push({ outputs, rows: part.rows.slice(from, to).map((row) => row - firstRow) });
      }
    }
    if (pieces.length === 0) {
      this.#open.delete(request);
      context.end(request);
      return;
    }
    if (endedCount > 0) {
      const why = "the rows of a request must get equally many responses";
      throw wrongOutput(model.name, `${helper}: ${why}: some have ended, others have not`);
    }
    await context.send(request, joinPieces({ model, helper, pad: options.pad }, pieces, rows));
  }
}

async function end({ steps }: PartStream): Promise<void> {
  await steps.return?.();
}
