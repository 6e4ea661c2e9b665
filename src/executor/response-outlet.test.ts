/** Response outlet: when a model that streams may go on, whatever its readers do. */
import { strict as check } from "node:assert";
import test from "node:test";
import fc from "fast-check";
import type { StreamedResponse } from "../backends/backend.ts";
import { InferenceError } from "../protocol/errors.ts";
import { type BatchReaders, ResponseOutlet, responseWindow } from "./response-outlet.ts";

class Readers implements BatchReaders {
  readonly requestCount: number;
  readonly gone: Set<number> = new Set();
  readonly #credits = new Map<number, number>();
  hasEnded = false;

  constructor(requestCount: number) {
    this.requestCount = requestCount;
  }

  take(index: number, count: number): void {
    this.#credits.set(index, (this.#credits.get(index) ?? 0) + count);
  }

  hasGone(index: number): boolean {
    return this.gone.has(index);
  }

  takeCredit(index: number): number {
    const credit = this.#credits.get(index) ?? 0;
    this.#credits.delete(index);
    return credit;
  }
}

interface Started {
  readonly readers: Readers;
  readonly outlet: ResponseOutlet;
  /** What was passed on. */
  readonly told: string[];
}

function start(requestCount: number): Started {
  const readers = new Readers(requestCount);
  const told: string[] = [];
  const outlet = new ResponseOutlet(readers, {
    respond: ({ requestIndex = "all", isFinal }) =>
      told.push(`${requestIndex}${isFinal ? "." : ""}`),
    fail: (index, { message }) => told.push(`${index} fails: ${message}`),
    waits: () => {},
  });
  return { readers, outlet, told };
}

/** Undefined: to all. */
type Target = number | undefined;

function response(requestIndex: Target, byteLength = 0, isFinal = false): StreamedResponse {
  const output = { name: "y", datatype: "UINT8", shape: [byteLength], chunks: [] } as const;
  return { requestIndex, outputs: [{ ...output, byteLength }], copiedBytes: 0, isFinal };
}

const error = new InferenceError("UNAVAILABLE", "not now");

async function turnOfTheLoop(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}

type Step =
  | {
      readonly kind: "responds";
      readonly to: Target;
      readonly bytes: number;
      readonly times: number;
      readonly isFinal: boolean;
    }
  | { readonly kind: "fails"; readonly index: number }
  | { readonly kind: "takes"; readonly index: number; readonly count: number }
  | { readonly kind: "goes"; readonly index: number }
  | { readonly kind: "waits"; readonly for: Target };

const requestCount = 3;

const { responses: mostResponses, bytes: mostBytes } = responseWindow;

const anyIndex = fc.nat(requestCount - 1);
const anyTarget = fc.option(anyIndex, { nil: undefined });

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("responds"),
      to: anyTarget,
      bytes: fc.constantFrom(0, 1, mostBytes / 4, mostBytes - 1, mostBytes),
      times: fc.constantFrom(1, 1, 3, mostResponses - 1, mostResponses),
      isFinal: fc.constantFrom(false, false, false, false, true),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("takes"),
      index: anyIndex,
      count: fc.constantFrom(1, 2, mostResponses, 100),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("waits"), for: anyTarget }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("goes"), index: anyIndex }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("fails"), index: anyIndex }) },
);

/** What is expected, in the plainest way. */
class Run {
  readonly #started = start(requestCount);
  readonly #expected: string[] = [];
  /** Bytes of each response that its reader has not taken, by request. */
  readonly #untaken: number[][] = Array.from({ length: requestCount }, () => []);
  readonly #over = new Set<number>();
  readonly #waits: { readonly for: Target; hasResolved: boolean; isExpected: boolean }[] = [];

  async take(step: Step): Promise<void> {
    const { outlet, readers } = this.#started;
    switch (step.kind) {
      case "responds":
        for (let left = step.times; left > 0; left -= 1) this.#respond(step);
        break;
      case "fails":
        if (!this.#over.has(step.index)) this.#expected.push(`${step.index} fails: not now`);
        this.#over.add(step.index);
        outlet.fail(step.index, error);
        break;
      case "takes":
        this.#untaken[step.index]?.splice(0, step.count);
        readers.take(step.index, step.count);
        outlet.notice();
        break;
      case "goes":
        this.#over.add(step.index);
        readers.gone.add(step.index);
        outlet.notice();
        break;
      case "waits":
        this.#wait(step.for);
    }
    this.#expectRoom();
    await this.#verify();
  }

  async #verify(): Promise<void> {
    const { outlet, told } = this.#started;
    await turnOfTheLoop();
    check.deepEqual(told, this.#expected);
    check.equal(outlet.isOver, this.#over.size === requestCount);
    for (const wait of this.#waits) check.equal(wait.hasResolved, wait.isExpected);
  }

  #respond({ to, bytes, isFinal }: Extract<Step, { kind: "responds" }>): void {
    const all = [...this.#untaken.keys()];
    const meant = to === undefined ? all : [to];
    const open = meant.filter((index) => !this.#over.has(index));
    for (const index of open) {
      this.#untaken[index]?.push(to === undefined ? Math.ceil(bytes / requestCount) : bytes);
      if (isFinal) this.#over.add(index);
    }
    if (open.length > 0) this.#expected.push(`${to ?? "all"}${isFinal ? "." : ""}`);
    this.#started.outlet.respond(response(to, bytes, isFinal));
  }

  #wait(target: Target): void {
    const wait = { for: target, hasResolved: false, isExpected: this.#hasRoom(target) };
    this.#waits.push(wait);
    void Promise.resolve(this.#started.outlet.whenRoom(target)).then(() => {
      wait.hasResolved = true;
    });
  }

  #expectRoom(): void {
    for (const wait of this.#waits) wait.isExpected ||= this.#hasRoom(wait.for);
  }

  #hasRoom(target: Target): boolean {
    if (target === undefined) return this.#untaken.every((_, index) => this.#hasRoom(index));
    const sizes = this.#untaken[target] ?? [];
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    return this.#over.has(target) || (sizes.length < mostResponses && bytes < mostBytes);
  }
}

test("a model may go on when all it waits for have room, or have gone", async () => {
  const script = fc.array(anyStep, { maxLength: 20, size: "max" });
  await fc.assert(
    fc.asyncProperty(script, async (steps) => {
      const run = new Run();
      for (const step of steps) await run.take(step);
    }),
    { numRuns: 300 },
  );
});

test("whoever wants to be told says so before he looks a last time", async () => {
  const readers = new Readers(1);
  let waitCount = 0;
  const outlet = new ResponseOutlet(readers, {
    respond: () => {},
    fail: () => {},
    waits: () => {
      waitCount += 1;
      // Taken between the two: nobody tells of it any more.
      readers.take(0, 1);
    },
  });
  for (let left = mostResponses; left > 0; left -= 1) outlet.respond(response(0));
  outlet.notice();
  check.equal(waitCount, 0, "nobody waits");
  await outlet.whenRoom(0);
  check.equal(waitCount, 1);
});

test("a model that does not wait is stopped before memory is", () => {
  const { outlet, readers } = start(1);
  const most = 32 * mostResponses;
  for (let left = most; left > 0; left -= 1) outlet.respond(response(0));
  const isTooMuch = new RegExp(`a model is ${most} responses ahead of its reader`);
  check.throws(() => outlet.respond(response(0)), isTooMuch);
  readers.take(0, 1);
  outlet.respond(response(0));
  check.throws(() => outlet.respond(response(undefined)), isTooMuch);
  readers.gone.add(0);
  outlet.respond(response(0));
});

test("after the end nothing can be said", () => {
  const { outlet, readers, told } = start(1);
  readers.hasEnded = true;
  check.throws(() => outlet.respond(response(0)), /^Error: infer has settled/);
  check.throws(() => outlet.respond(response(undefined)), /^Error: infer has settled/);
  check.throws(() => outlet.fail(0, error), /^Error: infer has settled/);
  check.deepEqual(told, []);
});

test("whoever waits for room hears when there is no use in it any more", async () => {
  const { outlet, readers } = start(1);
  for (let left = mostResponses; left > 0; left -= 1) outlet.respond(response(0));
  const room = outlet.whenRoom(0);
  readers.hasEnded = true;
  outlet.notice();
  await room;
  check.equal(outlet.isOver, true);
});

test("what is for nobody is dropped, and nobody waits for it", async () => {
  const { outlet, told } = start(1);
  outlet.respond(response(1));
  outlet.fail(-1, error);
  await outlet.whenRoom(7);
  check.deepEqual(told, []);
});
