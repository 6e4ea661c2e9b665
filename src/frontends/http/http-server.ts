/**
 * HTTP server: `node:http` with the settings that suit a model server.
 *
 * Keep-alive outlives the connection pools of clients, and a client that half-closes after its
 * request still gets its answer. What is no HTTP is told so in the form of every other error.
 */
import {
  createServer,
  type RequestListener,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from "node:http";
import type { Duplex } from "node:stream";
import { latestResponse } from "./connection.ts";

const keepAliveMs = 75_000;

export function createHttpServer(handler: RequestListener): Server {
  const server = createServer({ keepAliveTimeout: keepAliveMs }, handler);
  // A property that Node documents, and its types lack.
  Object.assign(server, { httpAllowHalfOpen: true });
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    const response = latestResponse(socket);
    const isTaken = response !== undefined && isAnswerTaken(response);
    if (error.code === "ECONNRESET" || !socket.writable || isTaken) socket.destroy();
    else answerClientError(error, socket);
  });
  return server;
}

const statuses: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/**
 * Would the answer to what cannot be read be taken for that of another request? If the latest one
 * has arrived as a whole, it still waits for its own; if it is the one that breaks off, it has been
 * answered, or is not the first in line.
 */
function isAnswerTaken({ req, headersSent, socket, writableFinished }: ServerResponse): boolean {
  return req.complete ? !writableFinished : headersSent || socket === null;
}

function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  const status = statuses[error.code ?? ""] ?? 400;
  const body = JSON.stringify({ error: STATUS_CODES[status] });
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}
