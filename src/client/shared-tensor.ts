/**
 * A tensor in memory that the server shares: an input that is not sent, because it is there.
 */
import type { Datatype } from "../protocol/datatype.ts";
import type { RegionPart } from "./connection.ts";

export class SharedTensor {
  readonly datatype: Datatype;
  /** Batch dimension included, if the model batches. */
  readonly shape: readonly number[];
  readonly part: RegionPart;

  constructor(datatype: Datatype, shape: readonly number[], part: RegionPart) {
    this.datatype = datatype;
    this.shape = shape;
    this.part = part;
  }
}
