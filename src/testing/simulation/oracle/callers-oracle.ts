/**
 * Callers, as the oracle expects them: what they hear, and what they do at once when they hear it.
 *
 * What one hears from one load of a version, makes him do nothing to another load of it: of what two
 * do at one moment, nobody promises which comes first.
 */
import type { Coverage } from "../coverage.ts";
import type { Journal } from "../journal.ts";
import { type CallerAct, isTimeToTake, type RequestPlan } from "../plans.ts";
import type { Callers, News } from "./oracle-request.ts";

/** Undefined: all versions. */
export interface Unloaded {
  readonly name: string;
  readonly version: number | undefined;
}

/** What callers can ask for. */
export interface CallersOwner {
  send(request: RequestPlan): void;
  cancel(number: number): void;
  take(number: number, count: number): void;
  takeLater(number: number, count: number, waitMs: number): void;
  unload(page: string, what: Unloaded): void;
  /** The number of the load that it is about. Undefined: it is about none. */
  loadMeantBy(act: CallerAct): number | undefined;
}

export class CallersOracle implements Callers {
  readonly #owner: CallersOwner;
  readonly #coverage: Coverage;
  readonly #journal: Journal;
  /** Responses before the last one, by request. */
  readonly #heard = new Map<number, number>();

  constructor(
    owner: CallersOwner,
    { coverage, journal }: { readonly coverage: Coverage; readonly journal: Journal },
  ) {
    this.#owner = owner;
    this.#coverage = coverage;
    this.#journal = journal;
  }

  hear(request: RequestPlan, news: News): void {
    const { number, onEnd, onResponse } = request;
    this.#journal.note(news.page, `r${number} ${news.text}`);
    const count = (this.#heard.get(number) ?? 0) + 1;
    this.#heard.set(number, count);
    if (!news.isEnd) this.#take(request, count);
    const acts = news.isEnd ? onEnd : count === 1 ? onResponse : [];
    for (const act of acts) if (!this.#isElsewhere(act, news)) this.#act(request, act, news);
  }

  #take({ number, taking }: RequestPlan, heardCount: number): void {
    const { count, lateMs } = taking;
    if (!isTimeToTake(taking, heardCount)) return;
    if (lateMs === 0) this.#owner.take(number, count);
    else this.#owner.takeLater(number, count, lateMs);
  }

  #isElsewhere(act: CallerAct, { page }: News): boolean {
    const meant = this.#owner.loadMeantBy(act);
    const isElsewhere = meant !== undefined && isLoadPage(page) && page !== `load ${meant}`;
    if (isElsewhere) this.#coverage.count("caller means another load");
    return isElsewhere;
  }

  #act({ number }: RequestPlan, act: CallerAct, { logPage }: News): void {
    const coverage = this.#coverage;
    switch (act.kind) {
      case "throw":
        coverage.count("caller throws");
        this.#journal.note(logPage, "a receiver failed");
        return;
      case "cancel":
        coverage.count(act.number === number ? "caller cancels its stream" : "caller cancels");
        this.#owner.cancel(act.number);
        return;
      case "take":
        coverage.count("caller takes");
        this.#owner.take(act.number, act.count);
        return;
      case "send":
        coverage.count("caller sends");
        this.#owner.send(act.request);
        return;
      case "unload":
        coverage.count("caller unloads");
        this.#owner.unload(`unload by r${number}`, act);
    }
  }
}

function isLoadPage(page: string): boolean {
  return page.startsWith("load ");
}
