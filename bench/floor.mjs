/**
 * The floor: a bare `node:http` server that reads each body and answers fixed bytes, without any
 * check. What any server in Node.js could reach at best.
 *
 * Answers come from a file of JSON: { [path]: { headers, body (base64) } }.
 *   node bench/floor.mjs ANSWERS PORT
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const [answersPath, port] = process.argv.slice(2);
const answers = new Map(
  Object.entries(JSON.parse(readFileSync(answersPath, "utf8"))).map(([path, { headers, body }]) => [
    path,
    { headers, body: Buffer.from(body, "base64") },
  ]),
);

const server = createServer((request, response) => {
  let receivedBytes = 0;
  request.on("data", (chunk) => {
    receivedBytes += chunk.length;
  });
  request.on("end", () => {
    const answer = answers.get(request.url);
    if (answer === undefined || receivedBytes === 0) return response.writeHead(404).end();
    response.writeHead(200, answer.headers);
    return response.end(answer.body);
  });
});
server.listen(Number(port), "127.0.0.1", () => console.log("listening"));
