/**
 * The floor over gRPC: a bare grpc-js handler that passes bytes through and answers fixed ones.
 * What any server on grpc-js could reach at best.
 *
 *   node bench/grpc-floor.mjs ANSWERS PORT    ANSWERS: a file of JSON, { [method]: answer (base64) }
 */
import { readFileSync } from "node:fs";
import { Metadata, Server, ServerCredentials } from "@grpc/grpc-js";

const [answersPath, port] = process.argv.slice(2);
const server = new Server({
  "grpc.max_receive_message_length": -1,
  "grpc.max_send_message_length": -1,
});
const pass = (bytes) => bytes;
const answers = Object.entries(JSON.parse(readFileSync(answersPath, "utf8")));
for (const [method, answer] of answers) {
  const bytes = Buffer.from(answer, "base64");
  const handle = (_call, respond) => {
    const trailer = new Metadata();
    trailer.set("server-timing", "queue;dur=0.000, batch;dur=0.000, compute;dur=0.000");
    respond(null, bytes, trailer);
  };
  server.register(method, handle, pass, pass, "unary");
}
server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error) => {
  if (error) throw error;
  console.log("listening");
});
