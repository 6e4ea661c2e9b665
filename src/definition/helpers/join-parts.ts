/**
 * Outputs of parts, joined to those of the batch: each row goes where its input was.
 *
 * Past the rows all shapes must be equal; a function of the user's (`pad`) may make them so.
 */
import { formatShape } from "../../protocol/shape.ts";
import type { AnyTensor, DeclaredModel, Tensors } from "../infer-forms.ts";
import type { Outputs } from "../model.ts";
import { wrongOutput } from "../named-outputs.ts";
import type { TensorSpec, TensorSpecs } from "../specifications.ts";
import { Tensor } from "../tensor.ts";
import { returnedTensors } from "./returned-tensors.ts";
import { joinRows, type PlacedRows } from "./tensor-rows.ts";

/**
 * Makes the outputs of parts equal in shape past the rows: an object of tensors for each part, in
 * and out. Called only where they differ.
 */
export type Pad = (results: readonly Tensors[]) => readonly Outputs<TensorSpecs>[];

export interface Joining {
  readonly model: DeclaredModel;
  readonly helper: string;
  readonly pad: Pad | undefined;
}

/** Outputs of a part, and the rows of the batch that they are for. */
export interface Piece {
  readonly outputs: Tensors;
  readonly rows: readonly number[];
}

/** Rows that are in no piece, because their requests have failed, are zeros or empty texts. */
export function joinPieces(joining: Joining, pieces: readonly Piece[], rows: number): Tensors {
  const [first, ...others] = evenPieces(joining, pieces);
  if (first?.rows.length === rows) return first.outputs;
  const joined: Record<string, AnyTensor> = {};
  for (const [name, spec] of Object.entries(joining.model.outputs)) {
    if (first === undefined) joined[name] = nothing(spec, rows);
    else {
      const placed = others.map((piece) => placedRows(piece, name));
      joined[name] = joinRows([placedRows(first, name), ...placed], rows);
    }
  }
  return joined;
}

/** As small as it may be. */
function nothing(spec: TensorSpec, rows: number): AnyTensor {
  return Tensor.zeros(spec, [rows, ...spec.dims.map((dimension) => Math.max(dimension, 0))]);
}

function placedRows({ outputs, rows }: Piece, name: string): PlacedRows {
  // Every output is there: the pieces were checked.
  return { tensor: outputs[name] as AnyTensor, rows };
}

function evenPieces(joining: Joining, pieces: readonly Piece[]): readonly Piece[] {
  const { pad } = joining;
  const ragged = findRagged(joining, pieces);
  if (ragged === undefined) return pieces;
  if (pad === undefined) throw wrong(joining, `${ragged}: say how to pad them (option 'pad')`);
  const padded = pad(pieces.map(({ outputs }) => outputs));
  if (!Array.isArray(padded) || padded.length !== pieces.length) {
    const got = Array.isArray(padded) ? `${padded.length}` : typeof padded;
    throw wrong(joining, `pad must return ${pieces.length} objects of outputs; got ${got}`);
  }
  const even = pieces.map(({ rows }, index) => {
    const { model, helper } = joining;
    const wanted = { model, helper: `${helper}, pad`, rows: rows.length };
    return { rows, outputs: returnedTensors(wanted, padded[index]) };
  });
  const still = findRagged(joining, even);
  if (still !== undefined) throw wrong(joining, `${still}, after pad`);
  return even;
}

/** What differs, and how. */
function findRagged({ model }: Joining, pieces: readonly Piece[]): string | undefined {
  for (const [name, { dims }] of Object.entries(model.outputs)) {
    // Fixed dimensions are equal: they were checked.
    if (!dims.includes(-1)) continue;
    const shapes = pieces.map(({ outputs }) => formatShape(outputs[name]?.shape.slice(1) ?? []));
    const other = shapes.find((shape) => shape !== shapes[0]);
    if (other === undefined) continue;
    return `rows of output '${name}' must have one shape: got ${shapes[0]} and ${other}`;
  }
  return undefined;
}

function wrong({ model, helper }: Joining, why: string): Error {
  return wrongOutput(model.name, `${helper}: ${why}`);
}
