/**
 * The public list of `shoal/client`, as Node gets it: over `node:http`, with TLS of one's own.
 */

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
export { createClient, type NodeClientOptions } from "./client/node-client.ts";
export type { TlsOptions } from "./client/node-transport.ts";
export { type Response, responseOf } from "./client/response.ts";
export {
  createSharedMemory,
  type SharedMemory,
  type SharedMemoryOptions,
} from "./client/shared-memory.ts";
export type { SharedTensor } from "./client/shared-tensor.ts";
export { PlainTensor as Tensor } from "./definition/plain-tensor.ts";
export type { WrittenConfig } from "./protocol/written-config.ts";
