/**
 * A tensor in memory that the server shares: an input that is not sent, because it is there. Here it
 * has no values.
 */
import { PlainTensor } from "../definition/plain-tensor.ts";
import type { Datatype } from "../protocol/datatype.ts";
import type { RegionPart } from "./connection.ts";

export class SharedTensor extends PlainTensor {
  readonly shared: RegionPart;

  constructor(datatype: Datatype, shape: readonly number[], shared: RegionPart) {
    super({ datatype, shape, bytes: new Uint8Array(0) });
    this.shared = shared;
  }
}
