/**
 * Messages of the protocol over gRPC for the benchmarks, encoded once: what is measured is a server.
 */
import { fileURLToPath } from "node:url";
import protobuf from "protobufjs";

const root = protobuf.loadSync(fileURLToPath(new URL("../proto/inference.proto", import.meta.url)));
const Request = root.lookupType("inference.ModelInferRequest");
const StreamResponse = root.lookupType("inference.ModelStreamInferResponse");

export const service = "/inference.GRPCInferenceService";

/** @returns {Buffer} */
export function inferRequest(model, inputs, { id = "", parameters = {} } = {}) {
  const message = {
    modelName: model,
    id,
    parameters,
    inputs: inputs.map(({ name, datatype, shape }) => ({ name, datatype, shape })),
    rawInputContents: inputs.map(({ data }) => new Uint8Array(data.buffer)),
  };
  return Buffer.from(Request.encode(Request.create(message)).finish());
}

/** Of each response; throws what it says if it is an error. */
export function isFinalResponse(bytes) {
  const { errorMessage, inferResponse } = StreamResponse.decode(bytes);
  if (errorMessage !== "") throw new Error(errorMessage);
  return inferResponse.parameters.triton_final_response?.boolParam === true;
}
