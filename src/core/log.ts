/**
 * What the core tells the operator: passed in, so that core writes nothing itself.
 */
export interface LogFields {
  readonly model?: string;
  readonly version?: number;
  readonly requestId?: string;
  readonly error?: unknown;
}

export interface Log {
  verbose(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warning(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}
