/** Models that the tests of `shoal types` and `shoal infer` ask, and how they run these. */
import {
  bool,
  bytes,
  fp32,
  InferenceError,
  int64,
  type Model,
  model,
  optional,
  type Server,
} from "shoal";
import { Program, type ProgramOptions, shoalCommand } from "../program.ts";

const quiet = { instances: { kind: "inline" } } as const;

export const linear: Model = model("linear", {
  ...quiet,
  inputs: { x: fp32(3), scale: optional(fp32(1)) },
  outputs: { y: fp32(3), isPositive: bool(3) },
  infer: ({ x }, { requests }) => {
    const fail = requests[0]?.parameters["fail"];
    if (fail !== undefined) {
      throw new InferenceError("INVALID_ARGUMENT", `asked to fail\n\u001b[2J${fail}`);
    }
    const signs = Array.from(x.data, (value) => value > 0);
    return { y: x.map((value) => -value), isPositive: rowsOf(signs, 3) };
  },
});

function rowsOf<T>(values: readonly T[], length: number): T[][] {
  return Array.from({ length: values.length / length }, (_, row) => {
    return values.slice(row * length, (row + 1) * length);
  });
}

export const echo: Model = model("echo", {
  ...quiet,
  inputs: { text: bytes(1), n: int64(-1) },
  outputs: { text: bytes(1), n: int64(-1) },
  infer: ({ text, n }) => ({ text, n }),
});

export const words: Model = model("words", {
  ...quiet,
  batching: false,
  inputs: { text: bytes(1) },
  outputs: { word: bytes(1) },
  *infer({ text }) {
    const all = String(text.data[0]);
    while (all === "endless") yield { word: [all] };
    for (const word of all.split(" ")) yield { word: [word] };
  },
});

export const onlyHttp = {
  httpPort: 0,
  httpAddress: "127.0.0.1",
  allowGrpc: false,
  allowMetrics: false,
  logInfo: false,
} as const;

export async function urlOf(server: Server): Promise<string> {
  await server.ready;
  await server.listen();
  return String(server.urls.http);
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `shoal ...` to its end. */
export async function shoal(args: readonly string[], options: ProgramOptions = {}): Promise<Ended> {
  const program = new Program([shoalCommand, ...args], options);
  const { code } = await program.ended();
  const { stdout, stderr } = program;
  return { code, stdout, stderr };
}
