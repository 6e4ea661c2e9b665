/**
 * What a client knows of a model: what its server says of it, asked for once by whoever comes first,
 * whichever ModelClient that is; and again when another version has answered, or inputs were found
 * wrong that were right by it.
 */
import type { CallOptions } from "./call-options.ts";
import type { ModelTarget } from "./connection.ts";
import { type ModelShape, readModelShape } from "./model-shape.ts";
import { type Asking, ask } from "./questions.ts";

/** What all parts of a client share. */
export interface ClientContext extends Asking {
  /** What is known of its models, however often each is asked for. */
  readonly models: Map<string, KnownModel>;
}

export class KnownModel {
  readonly #context: ClientContext;
  readonly #target: ModelTarget;
  #shape: ModelShape | undefined;
  #asking: Promise<ModelShape> | undefined;
  #answeredVersion: string | undefined;

  private constructor(context: ClientContext, target: ModelTarget) {
    this.#context = context;
    this.#target = target;
  }

  /** By its name and version, whoever asks. */
  static of(context: ClientContext, target: ModelTarget): KnownModel {
    const { models } = context;
    const key = `${target.version ?? ""}/${target.name}`;
    const known = models.get(key) ?? new KnownModel(context, target);
    models.set(key, known);
    return known;
  }

  /** Undefined: it has yet to be asked for. */
  get shape(): ModelShape | undefined {
    return this.#shape;
  }

  /** Within the caller's limits; the question goes on for others. */
  read(options: CallOptions): Promise<ModelShape> {
    const { calls, limitsOf } = this.#context;
    this.#asking ??= this.#ask({ headers: options.headers ?? {} });
    return calls.share(limitsOf(options), this.#asking);
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
    const asking = readModelShape(
      ask(this.#context, { route: "/models/*", ...this.#target }, options),
      ask(this.#context, { route: "/models/*/config", ...this.#target }, options),
    );
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
