/** A model in TypeScript, with a config.pbtxt that adds to what it says. */
import { fp32, type Model, model } from "shoal";

const factor: number = 3;

const typed: Model = model("typed", {
  inputs: { x: fp32(4) },
  outputs: { y: fp32(4) },
  infer: ({ x }) => ({ y: x.map((value: number): number => factor * value) }),
});

export default typed;
