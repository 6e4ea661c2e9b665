/**
 * A page that shows a story while it is being told, and the model behind it, in one program.
 *
 *   node examples/streaming/server.mjs     then open http://localhost:8000
 *   python examples/streaming/client.py    the same over HTTP and over gRPC
 */
import { readFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "shoal";
import { story } from "./story.mjs";

const page = readFileSync(new URL("page.html", import.meta.url));

const server = createServer(story, { allowHttp: false }); // HTTP is ours: the page is there, too
await server.ready;
await server.listen();

const httpServer = createHttpServer((request, response) => {
  if (request.url !== "/") server.handler(request, response);
  else response.setHeader("Content-Type", "text/html; charset=utf-8").end(page);
});
httpServer.listen(8000, () => console.log("Stories at http://localhost:8000"));

process.once("SIGTERM", async () => {
  httpServer.close();
  await server.close();
});
