/**
 * Models in a server of one's own: a route of mine, and the protocol on every other path.
 *
 *   node examples/http-server.mjs
 *   curl -s http://localhost:3000/v2/models/linear
 */
import { createServer as createHttpServer } from "node:http";
import { createServer } from "shoal";
import { linear } from "./start/linear.mjs";

const server = createServer(linear);
await server.ready;

const httpServer = createHttpServer((request, response) => {
  if (request.url === "/hello") response.end("hello\n");
  else server.handler(request, response);
});
httpServer.listen(3000);

process.once("SIGTERM", async () => {
  httpServer.close(); // no new connections
  await server.close(); // what runs is finished
});
