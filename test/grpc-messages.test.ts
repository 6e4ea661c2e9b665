/**
 * The code of the gRPC messages is what proto/ says: to make it again changes nothing.
 */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { Program } from "./program.ts";

test("scripts/grpc-messages.mjs would change nothing", async () => {
  const program = new Program(["scripts/grpc-messages.mjs", "--check"]);
  const { code } = await program.ended();
  check.deepEqual([code, program.stderr], [0, ""]);
});
