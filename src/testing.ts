/**
 * The public list of `shoal/testing`: what a user needs to test models and how they batch.
 */
export { Random } from "./testing/random.ts";
export { type ObservedBatch, type TestServer, testServer } from "./testing/test-server.ts";
export { VirtualClock } from "./testing/virtual-clock.ts";
