/**
 * Stream client: one request whose answer is read piece by piece, or not at all for a while.
 */
import { once } from "node:events";
import { type IncomingMessage, request as startRequest } from "node:http";

export interface StreamRequest {
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export class StreamClient {
  /** When its head has come. */
  readonly response: Promise<IncomingMessage>;
  readonly #leave: () => void;
  #pieces: AsyncIterator<Buffer> | undefined = undefined;
  #text = "";

  constructor(url: string, { body = '{"PROMPT":"hi"}', headers = {} }: StreamRequest = {}) {
    const request = startRequest(url, { method: "POST", headers, agent: false });
    // Whoever waits for the answer hears of it.
    request.on("error", () => {});
    this.response = once(request, "response").then(([response]) => response as IncomingMessage);
    this.response.catch(() => {});
    this.#leave = () => request.destroy();
    request.end(body);
  }

  /** The next event or line, without what ends it. Undefined: there is none. */
  async next(end = "\n\n"): Promise<string | undefined> {
    const response = await this.response;
    this.#pieces ??= response[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    for (;;) {
      const at = this.#text.indexOf(end);
      if (at !== -1) {
        const event = this.#text.slice(0, at);
        this.#text = this.#text.slice(at + end.length);
        return event;
      }
      const { done, value } = await this.#pieces.next();
      if (done === true) break;
      this.#text += value.toString();
    }
    if (this.#text !== "") throw new Error(`a stream broke off: ${this.#text}`);
    return undefined;
  }

  /** All that are left. */
  async rest(end?: string): Promise<readonly string[]> {
    const events: string[] = [];
    for (let event = await this.next(end); event !== undefined; event = await this.next(end)) {
      events.push(event);
    }
    return events;
  }

  leave(): void {
    this.#leave();
  }
}
