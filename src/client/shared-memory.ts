/**
 * System shared memory: tensors that a server on the same machine reads and writes where they are.
 *
 *   const region = await createSharedMemory(client, "frames", { byteSize: 8192 });
 *   const x = region.write(tensor);
 *   await model.infer({ x }, { outputs: [{ name: "y", shared: region.part(4096, 4096) }] });
 *   const y = region.read("FP32", [1, 1024], 4096);
 *   await region.close();
 *
 * A region is a file of /dev/shm. It loses its name as soon as the server has it, or has refused it,
 * or this process ends, unless it is killed: nothing is left behind in the file system. Node maps no memory, so what
 * is written and read here is copied, once.
 *
 * All of it is allocated before the server gets it: whoever writes to memory that there is not,
 * dies of it.
 *
 * Not here: what is in flight. Who writes to a part while a request reads it gets what he deserves.
 */
import { closeSync, openSync, readSync, rmSync, statfsSync, writeSync } from "node:fs";
import { PlainTensor } from "../definition/plain-tensor.ts";
import type { Datatype } from "../protocol/datatype.ts";
import { elementCount, formatShape } from "../protocol/shape.ts";
import type { CallOptions } from "./call-options.ts";
import { type Client, contextOf } from "./client.ts";
import { badAnswer, ClientError, invalid } from "./client-error.ts";
import type { RegionPart } from "./connection.ts";
import { sizeOf } from "./element-size.ts";
import { ask } from "./questions.ts";
import { SharedTensor } from "./shared-tensor.ts";

export interface SharedMemoryOptions extends CallOptions {
  readonly byteSize: number;
}

/** The name is the region's in the server. Linux only. */
export async function createSharedMemory(
  client: Client,
  name: string,
  { byteSize, ...options }: SharedMemoryOptions,
): Promise<SharedMemory> {
  if (name === "") throw invalid("createSharedMemory: a region must have a name");
  if (!Number.isSafeInteger(byteSize) || byteSize <= 0) {
    throw invalid(`region '${name}': byteSize must be a whole number above 0; got ${byteSize}`);
  }
  const key = `/shoal-${process.pid}-${crypto.randomUUID()}`;
  const path = `/dev/shm${key}`;
  const file = createFile(name, path, byteSize);
  try {
    const body = { key, offset: 0, byte_size: byteSize };
    await ask(
      contextOf(client),
      { route: "/systemsharedmemory/region/*/register", name, body },
      options,
    );
  } catch (error) {
    closeSync(file);
    throw error;
  } finally {
    removeFile(path);
  }
  return new SharedMemory(client, { name, byteSize, file });
}

export class SharedMemory {
  readonly name: string;
  readonly byteSize: number;
  readonly #client: Client;
  #file: number | undefined;

  constructor(
    client: Client,
    { name, byteSize, file }: { name: string; byteSize: number; file: number },
  ) {
    this.#client = client;
    this.name = name;
    this.byteSize = byteSize;
    this.#file = file;
  }

  /** A part of it, for an output; throws if it is not within. */
  part(offset: number, byteSize: number): RegionPart {
    const isWithin = offset >= 0 && byteSize >= 0 && offset + byteSize <= this.byteSize;
    if (!isWithin || !Number.isInteger(offset) || !Number.isInteger(byteSize)) {
      const what = `${byteSize} bytes at ${offset} are not within its ${this.byteSize} bytes`;
      throw invalid(`region '${this.name}': ${what}`);
    }
    return {
      shared_memory_region: this.name,
      shared_memory_offset: offset,
      shared_memory_byte_size: byteSize,
    };
  }

  /** An input that stands for the values now written at the offset. */
  write<D extends Datatype>(
    { datatype, shape, bytes }: Pick<PlainTensor<D>, "datatype" | "shape" | "bytes">,
    offset = 0,
  ): SharedTensor {
    const file = this.#opened();
    const part = this.part(offset, bytes.byteLength);
    writeAll(file, bytes, offset);
    return new SharedTensor(datatype, shape, part);
  }

  /** Copies. Of BYTES as many elements as the shape says, one behind another. */
  read<D extends Datatype>(datatype: D, shape: readonly number[], offset = 0): PlainTensor<D> {
    this.#opened();
    if (shape.some((dimension) => !Number.isSafeInteger(dimension) || dimension < 0)) {
      throw invalid(`region '${this.name}': there is no shape ${formatShape(shape)}`);
    }
    const count = elementCount(shape);
    const size = sizeOf(datatype);
    const byteLength = size === 0 ? this.#lengthOfTexts(count, offset) : count * size;
    const bytes = this.#bytesAt(offset, byteLength);
    return new PlainTensor({ datatype, shape, bytes });
  }

  /** The server forgets it. It is gone here in any case; the second time nothing happens. */
  async close(options: CallOptions = {}): Promise<void> {
    if (this.#file === undefined) return;
    closeSync(this.#file);
    this.#file = undefined;
    const route = "/systemsharedmemory/region/*/unregister";
    await ask(contextOf(this.#client), { route, name: this.name, body: {} }, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #opened(): number {
    if (this.#file === undefined) throw invalid(`region '${this.name}' is closed`);
    return this.#file;
  }

  #bytesAt(offset: number, byteLength: number): Uint8Array {
    this.part(offset, byteLength);
    const bytes = new Uint8Array(byteLength);
    const file = this.#opened();
    for (let at = 0; at < byteLength; ) {
      const count = readSync(file, bytes, at, byteLength - at, offset + at);
      if (count === 0) throw badAnswer(`region '${this.name}' has been cut off at ${offset + at}`);
      at += count;
    }
    return bytes;
  }

  /** Each a length, then so many bytes. */
  #lengthOfTexts(count: number, offset: number): number {
    // Not one after another, to find that it is not within.
    this.part(offset, 4 * count);
    let end = offset;
    for (let index = 0; index < count; index += 1) {
      const length = this.#bytesAt(end, 4);
      end += 4 + new DataView(length.buffer).getUint32(0, true);
    }
    return end - offset;
  }
}

/** Those that the server has not answered for. */
const named = new Set<string>();

/** Where this process ends before it is. */
function removeNamed(): void {
  for (const path of named) rmSync(path, { force: true });
}

function removeFile(path: string): void {
  rmSync(path, { force: true });
  named.delete(path);
  if (named.size === 0) process.off("exit", removeNamed);
}

/** Nobody else's: its name is new, and only this user may read it. */
function createFile(name: string, path: string, byteSize: number): number {
  let file: number | undefined;
  if (named.size === 0) process.once("exit", removeNamed);
  named.add(path);
  try {
    // To fill all that there is would take it from others, and then fail.
    const { bavail, bsize } = statfsSync("/dev/shm");
    if (byteSize > bavail * bsize) throw new Error(`${bavail * bsize} bytes are left`);
    file = openSync(path, "wx+", 0o600);
    const zeros = new Uint8Array(Math.min(byteSize, 2 ** 20));
    for (let at = 0; at < byteSize; at += zeros.byteLength) {
      writeAll(file, zeros.subarray(0, byteSize - at), at);
    }
    return file;
  } catch (cause) {
    if (file !== undefined) closeSync(file);
    removeFile(path);
    const why = cause instanceof Error ? cause.message : String(cause);
    const code = "RESOURCE_EXHAUSTED";
    throw new ClientError("invalid", `region '${name}': no shared memory: ${why}`, { code, cause });
  }
}

/** A full disk may take a part. */
function writeAll(file: number, bytes: Uint8Array, offset: number): void {
  for (let at = 0; at < bytes.byteLength; ) {
    at += writeSync(file, bytes, at, bytes.byteLength - at, offset + at);
  }
}
