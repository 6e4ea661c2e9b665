/**
 * A client of forty lines: one inference over HTTP with binary tensors, by plain `fetch`.
 *
 *   body = JSON (its length in a header), then the bytes of each input, one after another
 *
 * The answer is built the same way. Numbers travel as they lie in memory: no text, no rounding.
 */
const arrays = { FP32: Float32Array, INT64: BigInt64Array };

/**
 * `inputs` and the result: name -> { datatype, shape, data }, with `data` a typed array.
 */
export async function infer(serverUrl, modelName, inputs) {
  const head = { inputs: [], parameters: { binary_data_output: true } };
  for (const [name, { datatype, shape, data }] of Object.entries(inputs)) {
    head.inputs.push({ name, datatype, shape, parameters: { binary_data_size: data.byteLength } });
  }
  const json = Buffer.from(JSON.stringify(head));
  const response = await fetch(`${serverUrl}/v2/models/${modelName}/infer`, {
    method: "POST",
    headers: { "Inference-Header-Content-Length": `${json.byteLength}` },
    body: Buffer.concat([json, ...Object.values(inputs).map(({ data }) => bytesOf(data))]),
  });
  if (!response.ok) {
    const { error } = await response.json();
    throw new Error(`${modelName} answered ${response.status}: ${error}`);
  }
  return readOutputs(response.headers, await response.arrayBuffer());
}

function readOutputs(headers, body) {
  const jsonLength = Number(headers.get("Inference-Header-Content-Length"));
  const { outputs } = JSON.parse(Buffer.from(body, 0, jsonLength).toString());
  let offset = jsonLength;
  const read = ({ name, datatype, shape, parameters }) => {
    // `slice` copies: the bytes may begin anywhere, and an array of numbers may not.
    const data = new arrays[datatype](body.slice(offset, offset + parameters.binary_data_size));
    offset += parameters.binary_data_size;
    return [name, { datatype, shape, data }];
  };
  return Object.fromEntries(outputs.map(read));
}

function bytesOf({ buffer, byteOffset, byteLength }) {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** Runs `main`, and tells what went wrong in one line instead of a stack trace. */
export async function runExample(main) {
  try {
    await main(process.env.SHOAL_URL ?? "http://localhost:8000");
  } catch (error) {
    const isOffline = error?.cause?.code === "ECONNREFUSED";
    const hint = "no server answers: start one with `npm start`, or set SHOAL_URL";
    console.error(isOffline ? hint : (error?.message ?? error));
    process.exitCode = 1;
  }
}
