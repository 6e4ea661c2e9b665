/** Does a model stream? Its server's configuration says so, if it has one. */
import type { JsonObject } from "../client/connection.ts";
import { isFields } from "../protocol/fields.ts";

export function isDecoupled({ model_transaction_policy: policy }: JsonObject = {}): boolean {
  return isFields(policy) && policy["decoupled"] === true;
}
