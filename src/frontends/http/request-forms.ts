/**
 * Forms of a request: how the body of each route is read.
 *
 *   inference            JSON with tensors, or one raw tensor; may be compressed
 *   inference as text    the same, answered as a stream of text: so its outputs cannot be binary
 *   generate             plain JSON without tensors; must not be compressed
 */
import { parseHeaderLength } from "../../protocol/binary-body.ts";
import { InferenceError } from "../../protocol/errors.ts";
import { GenerateSteps } from "../../protocol/generate-request.ts";
import { type DecodedRequest, DecodeSteps } from "../../protocol/infer-request-json.ts";
import { decodeRawRequest } from "../../protocol/raw-request.ts";
import type { ModelBody } from "../../protocol/request-body.ts";
import { allAsBinary, allAsJson, type OutputForms } from "../../protocol/requested-outputs.ts";
import type { Steps } from "../../protocol/steps.ts";
import { bodyEncoding, type ContentEncoding, onlyIdentity } from "./content-encoding.ts";
import type { RequestHead } from "./request-head.ts";

export interface RequestForm {
  /** Of the body. Throws an InferenceError for one that is refused. */
  encodingOf(head: RequestHead): ContentEncoding;
  /** Throws an InferenceError, and so may the steps. */
  decode(body: ModelBody, head: RequestHead): Steps<DecodedRequest>;
}

export const inference: RequestForm = {
  encodingOf: ({ contentEncoding }) => bodyEncoding(contentEncoding),
  decode: (body, head) => {
    const headerLength = jsonLength(body, head);
    if (headerLength > 0) return new DecodeSteps(body, headerLength);
    return atOnce({ request: decodeRawRequest(body), forms: allAsBinary.forms });
  },
};

export const inferenceAsText: RequestForm = {
  encodingOf: inference.encodingOf,
  decode: (body, head) => {
    const headerLength = jsonLength(body, head);
    if (headerLength > 0) return new TextSteps(new DecodeSteps(body, headerLength));
    return atOnce({ request: decodeRawRequest(body), forms: allAsJson.forms });
  },
};

export const generation: RequestForm = {
  encodingOf: ({ contentEncoding }) => onlyIdentity(contentEncoding),
  decode: (body) => new GenerateSteps(body),
};

function jsonLength({ byteLength }: ModelBody, { headerLength }: RequestHead): number {
  return headerLength === undefined ? byteLength : parseHeaderLength(headerLength, byteLength);
}

function atOnce(decoded: DecodedRequest): Steps<DecodedRequest> {
  return { step: () => decoded };
}

class TextSteps implements Steps<DecodedRequest> {
  readonly #steps: DecodeSteps;

  constructor(steps: DecodeSteps) {
    this.#steps = steps;
  }

  step(): DecodedRequest | undefined {
    const decoded = this.#steps.step();
    if (decoded !== undefined) refuseBinary(decoded.forms);
    return decoded;
  }
}

function refuseBinary({ isBinaryByDefault, isBinary }: OutputForms): void {
  const isAnyBinary = isBinaryByDefault || [...(isBinary?.values() ?? [])].includes(true);
  if (!isAnyBinary) return;
  const why = "a stream of text cannot carry binary outputs";
  const remedy = "leave out 'binary_data' and 'binary_data_output', or ask for no stream";
  throw new InferenceError("INVALID_ARGUMENT", `${why}: ${remedy}`);
}
