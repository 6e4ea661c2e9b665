/**
 * Models in an Express application, under a path of their own.
 *
 *   node examples/express.mjs
 *   curl -s http://localhost:3000/ml/v2/models/linear
 */
import express from "express";
import { createServer } from "shoal";
import { linear } from "./start/linear.mjs";

const server = createServer(linear);
await server.ready;

const app = express();
app.use("/ml", server.handler); // above express.json(): it reads the body itself
app.use(express.json());
app.get("/hello", (_request, response) => response.send("hello\n"));
const listener = app.listen(3000);

process.once("SIGTERM", async () => {
  listener.close();
  await server.close();
});
