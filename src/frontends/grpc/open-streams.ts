/**
 * Open streams: calls that last, which must be told when the server stops.
 */
export interface OpenStream {
  /** Takes nothing new, and ends as soon as what runs has ended. May be called more than once. */
  stop(): void;
}

export class OpenStreams {
  readonly #streams: Set<OpenStream> = new Set();

  get count(): number {
    return this.#streams.size;
  }

  add(stream: OpenStream): void {
    this.#streams.add(stream);
  }

  delete(stream: OpenStream): void {
    this.#streams.delete(stream);
  }

  stop(): void {
    for (const stream of [...this.#streams]) stream.stop();
  }
}
