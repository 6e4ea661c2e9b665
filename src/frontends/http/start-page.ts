/**
 * Start page: what `/` shows a person with a browser: the models, what they take and give, and a
 * command to try for each.
 *
 * Plain HTML without scripts; everything that comes from a model is escaped.
 */
import type { InferenceService, ModelIndexEntry } from "../../core/inference-service.ts";
import type { ModelConfig, TensorConfig } from "../../core/model-config.ts";
import type { Datatype } from "../../protocol/datatype.ts";
import { formatShape } from "../../protocol/shape.ts";

/** `host` is what the browser called the server. */
export function startPage(service: InferenceService, host = "localhost:8000"): string {
  const { name, version } = service.serverMetadata();
  const models = service.index().map((entry) => modelSection(service, entry, host));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Shoal</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>Shoal</h1>
<p class="lead">${models.length} ${models.length === 1 ? "model" : "models"},
${service.isReady() ? "ready" : "not ready"} · version ${escapeHtml(version)}, as
<code>${escapeHtml(name)}</code></p>
${models.join("\n")}
<p>See also: <a href="/v2">server</a> · <a href="/v2/models/stats">statistics</a> ·
<a href="/v2/health/ready">health</a></p>
</main>
</body>
</html>
`;
}

function modelSection(service: InferenceService, entry: ModelIndexEntry, host: string): string {
  const { name, version, state, reason } = entry;
  const title = `<h2>${escapeHtml(name)} <small>version ${version ?? "?"}, ${state}</small></h2>`;
  if (state !== "READY") return `<section>${title}<p>${escapeHtml(reason)}</p></section>`;
  const { config } = service.lookUp(name, version);
  const path = `/v2/models/${encodeURIComponent(name)}`;
  const how =
    config.maxBatchSize > 0
      ? `Batches of up to ${config.maxBatchSize} rows.`
      : "One request at a time, without a batch dimension.";
  return `<section>${title}
<table>
<tr><th></th><th>name</th><th>datatype</th><th>shape</th></tr>
${config.inputs.map((input) => tensorRow("in", input, config)).join("\n")}
${config.outputs.map((output) => tensorRow("out", output, config)).join("\n")}
</table>
<p>${how}${config.isDecoupled ? " It streams: a request has any number of responses." : ""}
<a href="${path}">metadata</a> · <a href="${path}/config">configuration</a> ·
<a href="${path}/stats">statistics</a></p>
<pre>${escapeHtml(curlLine(config, `http://${host}${path}`))}</pre>
</section>`;
}

function tensorRow(role: string, tensor: TensorConfig, config: ModelConfig): string {
  const name = `<td><code>${escapeHtml(tensor.name)}</code></td>`;
  const isOptional = tensor.isOptional ? " optional" : "";
  const shape = formatShape(wholeShape(tensor.dims, config));
  return `<tr><td>${role}</td>${name}<td>${tensor.datatype}${isOptional}</td><td>${shape}</td></tr>`;
}

/**
 * A line to paste: a request of one row. What would make too long a line, or cannot be known from
 * the configuration, becomes a question for the metadata.
 */
export function curlLine(config: ModelConfig, modelUrl: string): string {
  const required = config.inputs.filter(({ isOptional }) => !isOptional);
  const inputs = required.map((input) => sampleInput(input, config));
  const known = inputs.filter((input) => input !== undefined);
  if (known.length < inputs.length) return `curl -s '${modelUrl}'`;
  if (config.isDecoupled) {
    const plain = known.map(({ name, data }) => [name, data.length === 1 ? data[0] : data]);
    return `curl -sN '${modelUrl}/generate_stream' -d '${quoted(Object.fromEntries(plain))}'`;
  }
  return `curl -s '${modelUrl}/infer' -d '${quoted({ inputs: known })}'`;
}

/** As a shell wants it between apostrophes. */
function quoted(body: object): string {
  return JSON.stringify(body).replaceAll("'", "'\\''");
}

const mostSampleElements = 64;

interface SampleInput {
  readonly name: string;
  readonly shape: readonly number[];
  readonly datatype: Datatype;
  readonly data: readonly unknown[];
}

/** Free dimensions are 2, rows are 1. */
function sampleInput(input: TensorConfig, config: ModelConfig): SampleInput | undefined {
  const { name, datatype, dims } = input;
  const freeCount = dims.filter((dimension) => dimension === -1).length;
  const sample = dims.map((dimension) => (dimension === -1 ? 2 : dimension));
  const count = sample.reduce((product, dimension) => product * dimension, 1);
  const isBinaryOnly = datatype === "FP16" || datatype === "BF16";
  if (freeCount > 1 || count > mostSampleElements || isBinaryOnly) return undefined;
  const shape = config.maxBatchSize > 0 ? [1, ...sample] : sample;
  const data = Array.from({ length: count }, (_, index) => sampleElement(datatype, index));
  return { name, shape, datatype, data };
}

function sampleElement(datatype: Datatype, index: number): unknown {
  if (datatype === "BYTES") return "text";
  return datatype === "BOOL" ? index % 2 === 0 : index + 1;
}

function wholeShape(dims: readonly number[], { maxBatchSize }: ModelConfig): readonly number[] {
  return maxBatchSize > 0 ? [-1, ...dims] : dims;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

const style = `
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --accent: #0a7ea4; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 52rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
h1 { margin: 0; letter-spacing: -0.02em; }
h2 { margin: 0 0 0.5rem; font-size: 1.2rem; }
small, .lead { opacity: 0.7; font-weight: normal; }
.lead { margin: 0 0 1.5rem; }
section { border: 1px solid var(--line); border-radius: 8px; padding: 1rem; margin: 1rem 0; }
table { border-collapse: collapse; font-size: 0.9rem; }
th, td { text-align: left; padding: 0.15rem 1rem 0.15rem 0; }
th { font-weight: normal; opacity: 0.7; }
pre { background: var(--soft); padding: 0.75rem; border-radius: 6px; overflow-x: auto; margin: 0; }
code, pre { font: 0.85rem/1.5 ui-monospace, monospace; }
a { color: var(--accent); }
`;
