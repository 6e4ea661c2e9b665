/**
 * What a model throws, from `setup` or `infer`, when it cannot go on: it is taken out of service,
 * and nothing starts it again by itself. Its message goes to the operator. With the server option
 * `onUnrecoverable: "server"` the server goes with it.
 */
export class UnrecoverableError extends Error {
  override name = "UnrecoverableError";
}

/** By name, because a loader may have brought a second copy of the class. */
export function isUnrecoverable(reason: unknown): reason is Error {
  return reason instanceof Error && reason.name === "UnrecoverableError";
}
