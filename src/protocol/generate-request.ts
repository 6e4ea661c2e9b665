/**
 * Request to generate: plain JSON without tensors, from the bytes of a body to a request.
 *
 *   { "id": "7", "prompt": "Hello", "temperature": 0.5, "parameters": { "priority": 1, ... } }
 *
 * A key that is the name of an input is that input (generate-input.ts); `id` is the request's;
 * `parameters` holds more of the same; every other key is a parameter for the model. What the
 * protocol names (`priority`, `timeout`, ...) has its meaning inside `parameters` only.
 *
 * Total, as infer-request-json.ts: any bytes give a request or an InferenceError. A fault of the
 * syntax is told first, then the id, then the first fault in the order of the keys; behind it only
 * the syntax is checked. No value is made of what is not asked for.
 */
import { InferenceError } from "./errors.ts";
import { GenerateInputSteps } from "./generate-input.ts";
import type { InferRequest } from "./infer.ts";
import type { DecodedRequest } from "./infer-request-json.ts";
import { JsonReader, toRequestError } from "./json-reader.ts";
import { SkipSteps } from "./json-skip.ts";
import type { JsonValue } from "./json-value.ts";
import type { ModelBody, ModelInput } from "./request-body.ts";
import { alreadyExists, checkJsonSize, wrongType } from "./request-faults.ts";
import { invalidType, OpenParameters } from "./request-parameters.ts";
import { allAsJson } from "./requested-outputs.ts";
import { SlicedBytes } from "./sliced-bytes.ts";
import { bytesPerStep, type Steps } from "./steps.ts";
import type { WireTensor } from "./tensor.ts";

/** What the reader is in the middle of. */
type Place = "start" | "root" | "parameters" | "end";

const membersPerStep = 2048;

export class GenerateSteps implements Steps<DecodedRequest> {
  readonly #body: ModelBody;
  readonly #reader: JsonReader;
  readonly #parameters = new OpenParameters();
  /** Those of the protocol that have been there. */
  readonly #named = new Set<string>();
  readonly #inputs: WireTensor[] = [];
  #inputBytes = 0;
  /** Null: there is one, and it is no text. */
  #id: string | null | undefined = undefined;
  #hasParameters = false;
  #place: Place = "start";
  /** The value that comes next, if it may be long. */
  #long: GenerateInputSteps | SkipSteps | undefined = undefined;
  #fault: InferenceError | undefined = undefined;
  /** The fault is that this input came again: told with the id, which may still come. */
  #repeated: string | undefined = undefined;
  /** In front of the fault. */
  #faultPrefix = "";

  /** Throws INVALID_ARGUMENT if the body is too large. */
  constructor(body: ModelBody) {
    const { chunks, byteLength, maxInputBytes } = body;
    checkJsonSize(byteLength, maxInputBytes);
    this.#body = body;
    this.#reader = new JsonReader(new SlicedBytes(chunks, byteLength).takeJoined(byteLength));
  }

  /** Throws an InferenceError. */
  step(): DecodedRequest | undefined {
    try {
      return this.#step();
    } catch (error) {
      throw toRequestError(error);
    }
  }

  #step(): DecodedRequest | undefined {
    const reader = this.#reader;
    const end = reader.offset + bytesPerStep;
    for (let count = 0; count < membersPerStep && reader.offset <= end; count += 1) {
      if (this.#long !== undefined) {
        if (!this.#goOn(this.#long)) return undefined;
      } else if (this.#place === "start") this.#start();
      else if (this.#place === "end") return this.#finish();
      else this.#readMember(reader.readKey());
    }
    return undefined;
  }

  #start(): void {
    const reader = this.#reader;
    if (reader.peek() === 0) reader.fail("The document is empty.");
    this.#place = "end";
    if (!reader.enterObject()) {
      this.#fault = new InferenceError("INTERNAL", "attempt to get members for non-object");
      this.#skip();
    } else if (!reader.isEmptyObject()) this.#place = "root";
  }

  #readMember(key: string): void {
    const isRoot = this.#place === "root";
    if (isRoot && key === "id") this.#readId();
    else if (this.#fault !== undefined) this.#skip();
    else if (isRoot && key === "parameters") this.#enterParameters();
    else {
      const input = this.#inputOf(key);
      if (input === undefined) this.#readParameter(key);
      else this.#readInput(input);
    }
  }

  /** It may be an input too. */
  #readId(): void {
    const reader = this.#reader;
    const start = reader.offset;
    if (this.#id === undefined) this.#id = reader.isAtString() ? reader.readString() : null;
    reader.offset = start;
    const input = this.#fault === undefined ? this.#inputOf("id") : undefined;
    if (input === undefined) this.#skip();
    else this.#readInput(input);
  }

  #enterParameters(): void {
    const reader = this.#reader;
    const isObject = reader.isAtObject();
    if (this.#inputOf("parameters") !== undefined) {
      const why = "Keyword 'parameters' for nested schema also given as input tensor name";
      this.#failWith(new InferenceError("INVALID_ARGUMENT", why));
    } else if (!isObject) {
      const why = "attempt to access JSON non-object as object";
      const what = "Expected JSON object for keyword: 'parameters'";
      this.#failWith(new InferenceError("INTERNAL", `${what}: ${why}`));
    }
    if (this.#fault !== undefined || this.#hasParameters) {
      this.#skip();
      return;
    }
    this.#hasParameters = true;
    reader.enterObject();
    if (reader.isEmptyObject()) this.#leave();
    else this.#place = "parameters";
  }

  #readParameter(key: string): void {
    const reader = this.#reader;
    if (reader.isAtObject() || reader.isAtArray()) {
      this.#failWith(invalidType(key));
      this.#skip();
      return;
    }
    reader.countValue();
    this.#takeParameter(key, reader.readScalar());
    this.#leave();
  }

  #takeParameter(key: string, value: JsonValue): void {
    try {
      const isTaken = this.#place === "parameters" && this.#takeNamed(key, value);
      if (!isTaken) this.#parameters.takeCustom(key, value);
    } catch (error) {
      this.#failWith(InferenceError.from(error));
    }
  }

  /** False: the protocol does not name it. */
  #takeNamed(key: string, value: JsonValue): boolean {
    if (this.#named.has(key)) return true;
    if (!this.#parameters.takeNamed(key, value)) return false;
    this.#named.add(key);
    if (this.#parameters.binaryDataOutput) throw onlyJson();
    return true;
  }

  #readInput(input: ModelInput): void {
    const { model, maxInputBytes } = this.#body;
    const isBatching = model.maxBatchSize > 0;
    const takenBytes = this.#inputBytes;
    const plan = { input, isBatching, maxInputBytes, takenBytes };
    this.#long = new GenerateInputSteps(this.#reader, plan);
  }

  #inputOf(key: string): ModelInput | undefined {
    return this.#body.model.inputs.find(({ name }) => name === key);
  }

  /** Of what comes next only the syntax counts. */
  #skip(): void {
    this.#long = new SkipSteps(this.#reader);
  }

  /** False if it takes longer. */
  #goOn(long: GenerateInputSteps | SkipSteps): boolean {
    const result = long.step();
    if (result === undefined) return false;
    this.#long = undefined;
    if (result instanceof InferenceError) this.#failWith(result);
    else if (result !== true) this.#takeInput(result);
    this.#leave();
    return true;
  }

  #takeInput(tensor: WireTensor): void {
    if (this.#inputs.some(({ name }) => name === tensor.name)) {
      this.#failWith(alreadyExists(`input '${tensor.name}'`, ""));
      this.#repeated = tensor.name;
      return;
    }
    this.#inputs.push(tensor);
    this.#inputBytes += tensor.byteLength;
  }

  #failWith(fault: InferenceError): void {
    this.#fault = fault;
    if (this.#place === "parameters") this.#faultPrefix = "Converting keyword: 'parameters': ";
  }

  /** Behind a value: to the next one, or out of what has ended. */
  #leave(): void {
    const reader = this.#reader;
    if (this.#place === "parameters") {
      if (reader.hasNextMember()) return;
      this.#place = "root";
    }
    if (this.#place === "root" && !reader.hasNextMember()) this.#place = "end";
  }

  #finish(): DecodedRequest {
    this.#reader.end();
    const { modelName, modelVersion, requestId } = this.#body;
    if (this.#id === null) throw wrongType("id", "non-string as string");
    const id = this.#id ?? "";
    if (this.#fault !== undefined) throw this.#told(this.#fault, id);
    const { custom, priority, timeoutMs, sequence } = this.#parameters;
    const request: InferRequest = {
      modelName,
      modelVersion,
      id,
      logId: id === "" ? requestId : id,
      parameters: custom,
      inputs: this.#inputs,
      requestedOutputs: [],
      priority,
      timeoutMs,
      sequence,
    };
    return { request, forms: allAsJson.forms };
  }

  #told(fault: InferenceError, id: string): InferenceError {
    const isRepeated = this.#repeated !== undefined;
    const error = isRepeated ? alreadyExists(`input '${this.#repeated}'`, id) : fault;
    if (this.#faultPrefix === "") return error;
    return new InferenceError(error.code, this.#faultPrefix + error.message);
  }
}

function onlyJson(): InferenceError {
  const why = "outputs of generate are JSON: 'binary_data_output' must not be true";
  return new InferenceError("INVALID_ARGUMENT", why);
}
