/**
 * The public list of `shoal/client`, as browsers get it: over `fetch`, without a dependency.
 */
export { createClient } from "./client/browser-client.ts";
export { bytesOf } from "./client/byte-elements.ts";
export type {
  CallOptions,
  ClientOptions,
  InferOptions,
  OutputRequest,
} from "./client/call-options.ts";
export type { Client } from "./client/client.ts";
export { ClientError, type ClientErrorCode, type ClientErrorKind } from "./client/client-error.ts";
export type { ModelClient } from "./client/model-client.ts";
export type { ModelType } from "./client/model-types.ts";
export { type Response, responseOf } from "./client/response.ts";
export { PlainTensor as Tensor } from "./definition/plain-tensor.ts";
export type { WrittenConfig } from "./protocol/written-config.ts";
