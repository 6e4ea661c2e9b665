// Written by `shoal types`: change the models, not this file.
import type { ModelType } from "shoal/client";

/** By name: `client.model<Models["name"]>("name")`. */
export interface Models {
  /** It streams. */
  readonly story: ModelType<
    "story",
    {
      /** [1] */
      readonly prompt: "BYTES";
    },
    {
      /** [1] */
      readonly text: "BYTES";
    }
  >;
}
