/**
 * What a client knows of a model: what its server says of it, asked for once by whoever comes first,
 * whichever ModelClient that is; and again when another version has answered, or inputs were found
 * wrong that were right by it.
 */
import type { CallOptions } from "./call-options.ts";
import type { ModelShape } from "./model-shape.ts";

interface Source {
  /** Asks the server. */
  readonly ask: (options: CallOptions) => Promise<ModelShape>;
  /** A wait within the caller's limits. */
  readonly share: (options: CallOptions, asking: Promise<ModelShape>) => Promise<ModelShape>;
}

export class KnownModel {
  readonly #source: Source;
  #shape: ModelShape | undefined;
  #asking: Promise<ModelShape> | undefined;
  #answeredVersion: string | undefined;

  constructor(source: Source) {
    this.#source = source;
  }

  /** Undefined: it has yet to be asked for. */
  get shape(): ModelShape | undefined {
    return this.#shape;
  }

  /** Within the caller's limits; the question goes on for others. */
  async read(options: CallOptions): Promise<ModelShape> {
    if (this.#shape !== undefined) return this.#shape;
    const { headers = {} } = options;
    this.#asking ??= this.#ask({ headers });
    return await this.#source.share(options, this.#asking);
  }

  forget(): void {
    this.#shape = undefined;
    this.#asking = undefined;
  }

  /** Undefined: it has not changed, or nobody can tell. */
  async changed(shape: ModelShape, options: CallOptions): Promise<ModelShape | undefined> {
    this.forget();
    const now = await this.read(options).catch(() => shape);
    return JSON.stringify(now) === JSON.stringify(shape) ? undefined : now;
  }

  noteVersion(version: string): void {
    const before = this.#answeredVersion;
    this.#answeredVersion = version;
    if (before !== undefined && before !== version) this.forget();
  }

  #ask(options: CallOptions): Promise<ModelShape> {
    const asking = this.#source.ask(options);
    const end = (shape: ModelShape | undefined): void => {
      if (this.#asking !== asking) return;
      this.#shape = shape;
      this.#asking = undefined;
    };
    // If it failed, another time it may go well.
    asking.then(end, () => end(undefined));
    return asking;
  }
}
