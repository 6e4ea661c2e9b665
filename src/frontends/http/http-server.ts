/**
 * HTTP server: `node:http` with the settings that suit a model server.
 *
 * Keep-alive outlives the connection pools of clients, and a client that half-closes after its
 * request still gets its answer. What is no HTTP is told so in the form of every other error, and
 * closes the connection; requests that came before it are answered first.
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
import { sendJson } from "./responses.ts";

const keepAliveMs = 75_000;

export function createHttpServer(handler: RequestListener): Server {
  const options = { keepAliveTimeout: keepAliveMs, requireHostHeader: false };
  const server = createServer(options, handler);
  // A property that Node documents, and its types lack.
  Object.assign(server, { httpAllowHalfOpen: true });
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    const response = latestResponse(socket);
    if (error.code === "ECONNRESET" || !socket.writable) socket.destroy();
    else if (response === undefined || mayAnswer(response)) answerClientError(error, socket);
    else if (response.req.complete) closeAfter(response, socket);
    else socket.destroy();
  });
  server.on("checkExpectation", (_request, response: ServerResponse) => {
    sendJson(response, 417, { error: STATUS_CODES[417] }, ["Connection", "close"]);
  });
  // Node has given this socket away: nobody else closes it, or hears of its errors.
  server.on("connect", (_request, socket) => {
    socket.on("error", () => socket.destroy());
    socket.once("finish", () => socket.destroy());
    answer(socket, 404);
  });
  return server;
}

const statuses: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/**
 * Would the answer to what cannot be read be taken for its own, and not for that of the latest
 * request? If that has arrived as a whole, it must have been answered; if it is the one that breaks
 * off, it must not, and be the first in line.
 */
function mayAnswer({ req, headersSent, socket, writableFinished }: ServerResponse): boolean {
  return req.complete ? writableFinished : !headersSent && socket !== null;
}

/** Whatever else comes is not read. What is not kept alive closes by itself. */
function closeAfter(response: ServerResponse, socket: Duplex): void {
  if (!response.shouldKeepAlive) return;
  response.shouldKeepAlive = false;
  response.once("finish", () => socket.end());
}

function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  answer(socket, statuses[error.code ?? ""] ?? 400);
}

/** Without a request, and so without a response of Node. */
function answer(socket: Duplex, status: number): void {
  const body = JSON.stringify({ error: STATUS_CODES[status] });
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}
