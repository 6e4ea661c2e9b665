/**
 * What the core tells the operator: passed in, so that core writes nothing itself.
 */
export interface LogFields {
  readonly model?: string;
  readonly version?: number;
  /** Its index among those of the model. */
  readonly instance?: number;
  readonly requestId?: string;
  /** Of several requests that this is about: the first ten of so many. */
  readonly requestIds?: readonly string[];
  readonly requestCount?: number;
  readonly error?: unknown;
}

export interface Log {
  verbose(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warning(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}
