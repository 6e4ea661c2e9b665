/**
 * Models in a Fastify application: a scope whose bodies Fastify leaves alone.
 *
 *   node examples/fastify.mjs
 *   curl -s http://localhost:3000/v2/models/linear
 */
import fastify from "fastify";
import { createServer } from "shoal";
import { linear } from "./start/linear.mjs";

const server = createServer(linear);
await server.ready;

const app = fastify();
app.get("/hello", () => "hello\n");
app.register((scope, _options, done) => {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("*", (_request, _body, parsed) => parsed(null));
  scope.all("/v2*", (request, reply) => {
    reply.hijack();
    server.handler(request.raw, reply.raw);
  });
  done();
});
app.listen({ port: 3000 }, (error, address) => {
  if (error) throw error;
  console.log(`Listening at ${address}`);
});

process.once("SIGTERM", async () => {
  await app.close();
  await server.close();
});
