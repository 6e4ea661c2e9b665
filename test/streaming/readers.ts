/**
 * Readers of the models in fragile.ts, over each transport: what they get, in one notation.
 *
 *   "0", "1"   responses     "error: ..."   an error, the last     "end"   the end
 */
import { strict as check } from "node:assert";
import { GrpcClient, type StreamResponse } from "../conformance/grpc-client.ts";
import type { StartedServer } from "../conformance/server.ts";
import { StreamClient } from "../conformance/stream-client.ts";

export interface Reader {
  /** The next line; "end" again and again. */
  next(): Promise<string>;
  /** All lines until the end. */
  rest(): Promise<readonly string[]>;
  leave(): void;
}

export type Transport = (server: StartedServer, model: string, n: number) => Reader;

export const transports: Readonly<Record<"SSE" | "gRPC", Transport>> = {
  SSE: ({ url }, model, n) => {
    const client = new StreamClient(`${url}/v2/models/${model}/generate_stream`, {
      body: JSON.stringify({ N: n }),
    });
    return reader(
      async () => {
        const event = await client.next();
        if (event === undefined) return "end";
        const { K, error } = JSON.parse(event.slice("data: ".length)) as Record<string, unknown>;
        return error === undefined ? String(Array.isArray(K) ? K[0] : K) : `error: ${error}`;
      },
      () => client.leave(),
    );
  },

  gRPC: ({ server }, model, n) => {
    const client = new GrpcClient(server.urls.grpc ?? "");
    const stream = client.stream();
    const shape = model.startsWith("batched") ? [1, 1] : [1];
    stream.send({
      modelName: model,
      inputs: [{ name: "N", datatype: "INT32", shape }],
      rawInputContents: [Buffer.from(Int32Array.of(n).buffer)],
    });
    stream.call.end();
    return reader(
      async () => {
        const response = await stream.next();
        if (response !== undefined) return lineOf(response);
        client.client.close();
        const { code, details } = await stream.status;
        return code === 0 ? "end" : `error: ${details}`;
      },
      () => {
        stream.call.cancel();
        client.client.close();
      },
    );
  },
};

function lineOf({ errorMessage, inferResponse }: StreamResponse): string {
  if (errorMessage !== "") return `error: ${errorMessage}`;
  const [bytes] = inferResponse?.rawOutputContents ?? [];
  check.ok(bytes !== undefined);
  return String(Buffer.from(bytes).readInt32LE());
}

function reader(next: () => Promise<string>, leave: () => void): Reader {
  const rest = async (): Promise<readonly string[]> => {
    const lines: string[] = [];
    for (let line = await next(); line !== "end"; line = await next()) {
      lines.push(line);
      if (line.startsWith("error: ") && line.includes("stopping")) break;
    }
    return lines;
  };
  return { next, rest, leave };
}
