/**
 * HTTP server: `node:http` with the settings that suit a model server.
 *
 * Keep-alive outlives the connection pools of clients, and a client that half-closes after its
 * request still gets its answer. What is no HTTP is told so in the form of every other error.
 */
import { createServer, type RequestListener, type Server, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

const keepAliveMs = 75_000;

export function createHttpServer(handler: RequestListener): Server {
  const server = createServer({ keepAliveTimeout: keepAliveMs }, handler);
  // A property that Node documents, and its types lack.
  Object.assign(server, { httpAllowHalfOpen: true });
  server.on("clientError", answerClientError);
  return server;
}

const statuses: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = statuses[error.code ?? ""] ?? 400;
  const body = JSON.stringify({ error: STATUS_CODES[status] });
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}
