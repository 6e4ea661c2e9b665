/**
 * Copied bytes: how much tensor memory was copied on its way, to prove that little is.
 */
export interface CopiedBytes {
  /** From requests into the memory of a batch. */
  inputs: number;
  /** From memory that a model owns into memory that can be given away. */
  outputs: number;
}
