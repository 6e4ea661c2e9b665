/** A model in JavaScript, without a config.pbtxt. */
import { fp32, model } from "shoal";

export default model("script", {
  inputs: { x: fp32(4) },
  outputs: { y: fp32(4) },
  infer: ({ x }) => ({ y: x.map((value) => 2 * value) }),
});
