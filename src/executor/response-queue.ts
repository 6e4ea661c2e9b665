/**
 * Response queue: what models that stream in this thread have to say, many in one message.
 *
 * What comes while a message was sent a moment ago waits for company, at most until the end of the
 * turn of the event loop; else it goes at once, because the model may compute for long before its
 * turn ends. Whatever else is said of a batch comes after what it has in here: `flush` first.
 */
import { buffersOf, type ResponseItem } from "./messages.ts";

type Send = (items: readonly ResponseItem[], transfer: readonly ArrayBuffer[]) => void;

/** After a message, what comes within so long waits for the next one. */
const companyMs = 0.5;

/** As many as make the cost of a message small. */
const mostItems = 64;

export class ResponseQueue {
  readonly #send: Send;
  #items: ResponseItem[] = [];
  #sentMs: number = Number.NEGATIVE_INFINITY;
  #willFlush = false;

  constructor(send: Send) {
    this.#send = send;
  }

  push(item: ResponseItem): void {
    this.#items.push(item);
    const isAlone = performance.now() - this.#sentMs > companyMs;
    if (isAlone || this.#items.length >= mostItems) this.flush();
    else this.#flushSoon();
  }

  flush(): void {
    const items = this.#items;
    if (items.length === 0) return;
    this.#items = [];
    this.#sentMs = performance.now();
    const outputs = items.flatMap((item) => ("error" in item ? [] : item.outputs));
    this.#send(items, buffersOf(outputs));
  }

  #flushSoon(): void {
    if (this.#willFlush) return;
    this.#willFlush = true;
    setImmediate(() => {
      this.#willFlush = false;
      this.flush();
    });
  }
}
