/**
 * Answers the metrics port: `/metrics`, and nothing else.
 */
import type { IncomingMessage, ServerResponse } from "node:http";

/** `text` makes the page. */
export function metricsHandler(
  text: () => string,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const [path] = (request.url ?? "").split("?", 1);
    if (path !== "/metrics" && path !== "/metrics/") send(response, 404, "Not Found\n");
    else if (request.method !== "GET" && request.method !== "HEAD") {
      send(response, 405, "Method Not Allowed\n");
    } else send(response, 200, text());
  };
}

function send(response: ServerResponse, status: number, text: string): void {
  const body = Buffer.from(text);
  response.writeHead(status, {
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Length": body.byteLength,
  });
  response.end(body);
}
