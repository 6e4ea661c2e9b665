/**
 * Typed contents of an input over gRPC: lists of elements, turned into the bytes that raw contents
 * would have been.
 *
 * One list may be filled, and it must be that of the input's datatype. Integers are cut to the width
 * of the datatype. Whether there are enough of them is for the core to say.
 */
import { allocateBytes } from "./byte-slab.ts";
import type { Datatype } from "./datatype.ts";
import { InferenceError } from "./errors.ts";
import type { inference } from "./generated/messages.js";
import { packBytes } from "./packed-bytes.ts";
import { type NumericDatatype, typedArrays } from "./typed-arrays.ts";
import { toBigint } from "./wide-integers.ts";

export interface ContentsTarget {
  readonly input: string;
  readonly model: string;
  readonly datatype: Datatype;
}

type Contents = inference.InferTensorContents;

interface ElementList {
  /** How the error calls what does not fit. */
  readonly datatype: Datatype;
  readonly holds: readonly Datatype[];
  length(contents: Contents): number;
  toBytes(contents: Contents, datatype: Datatype): Uint8Array;
}

/** In the protocol's order. */
const lists: readonly ElementList[] = [
  {
    datatype: "BOOL",
    holds: ["BOOL"],
    length: ({ boolContents }) => boolContents.length,
    toBytes: ({ boolContents }) => Uint8Array.from(boolContents, Number),
  },
  {
    datatype: "INT32",
    holds: ["INT8", "INT16", "INT32"],
    length: ({ intContents }) => intContents.length,
    toBytes: ({ intContents }, datatype) => numbers(intContents, datatype),
  },
  {
    datatype: "INT64",
    holds: ["INT64"],
    length: ({ int64Contents }) => int64Contents.length,
    toBytes: ({ int64Contents }, datatype) => numbers(int64Contents.map(toBigint), datatype),
  },
  {
    datatype: "UINT32",
    holds: ["UINT8", "UINT16", "UINT32"],
    length: ({ uintContents }) => uintContents.length,
    toBytes: ({ uintContents }, datatype) => numbers(uintContents, datatype),
  },
  {
    datatype: "UINT64",
    holds: ["UINT64"],
    length: ({ uint64Contents }) => uint64Contents.length,
    toBytes: ({ uint64Contents }, datatype) => numbers(uint64Contents.map(toBigint), datatype),
  },
  {
    datatype: "FP32",
    holds: ["FP32"],
    length: ({ fp32Contents }) => fp32Contents.length,
    toBytes: ({ fp32Contents }, datatype) => numbers(fp32Contents, datatype),
  },
  {
    datatype: "FP64",
    holds: ["FP64"],
    length: ({ fp64Contents }) => fp64Contents.length,
    toBytes: ({ fp64Contents }, datatype) => numbers(fp64Contents, datatype),
  },
  {
    datatype: "BYTES",
    holds: ["BYTES"],
    length: ({ bytesContents }) => bytesContents.length,
    toBytes: ({ bytesContents }) => packBytes(bytesContents),
  },
];

/** Empty if no list is filled. Throws INVALID_ARGUMENT. */
export function contentsToBytes(contents: Contents, target: ContentsTarget): Uint8Array {
  const { input, model, datatype } = target;
  const what = `unexpected explicit tensor data for input tensor '${input}' for model '${model}'`;
  let bytes: Uint8Array | undefined;
  for (const list of lists) {
    if (list.length(contents) === 0) continue;
    if (bytes !== undefined) {
      const why = `${what}, binary data was already supplied.`;
      throw new InferenceError("INVALID_ARGUMENT", why);
    }
    if (!list.holds.includes(datatype)) {
      const why = `${what} of type '${list.datatype}', expected datatype '${datatype}'`;
      throw new InferenceError("INVALID_ARGUMENT", why);
    }
    bytes = list.toBytes(contents, datatype);
  }
  return bytes ?? noBytes;
}

const noBytes = new Uint8Array(0);

function numbers(elements: readonly number[] | readonly bigint[], datatype: Datatype): Uint8Array {
  const ArrayType = typedArrays[datatype as NumericDatatype];
  const { byteLength, buffer, byteOffset } = allocateBytes(
    elements.length * ArrayType.BYTES_PER_ELEMENT,
  );
  const array = new ArrayType(buffer, byteOffset, elements.length);
  (array as { set(from: readonly number[] | readonly bigint[]): void }).set(elements);
  return new Uint8Array(buffer, byteOffset, byteLength);
}
