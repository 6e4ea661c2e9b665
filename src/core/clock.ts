/**
 * Time, passed in: the server has a real clock, a simulation its own, and core neither.
 */
export interface Clock {
  /** Milliseconds since some fixed moment, a float. Never goes back. */
  nowMs(): number;
  /** Milliseconds since 1970, for `last_inference` only. */
  wallMs(): number;
  /**
   * Calls `wake` once, at `atMs` or as soon after it as possible; never before, and never inside
   * this call. Returns a function that cancels; calling it late or twice does nothing.
   */
  wakeAt(atMs: number, wake: () => void): () => void;
}
