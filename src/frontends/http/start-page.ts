/**
 * Start page: what `/` shows a person with a browser: the models, what they take and give, and a
 * command to try for each.
 *
 * Plain HTML without scripts; everything that comes from a model is escaped. What its reader may
 * not ask for is not on it either; a command for what is closed names the header, and no token.
 */
import type { InferenceService, ModelIndexEntry } from "../../core/inference-service.ts";
import type { ModelConfig, TensorConfig } from "../../core/model-config.ts";
import type { Datatype } from "../../protocol/datatype.ts";
import { formatShape } from "../../protocol/shape.ts";
import type { EndpointGroup } from "../endpoint-groups.ts";

export interface PageView extends Closed {
  /** What the browser called the server. */
  readonly host: string | undefined;
  /** To the reader of the page. */
  isOpen(group: EndpointGroup): boolean;
}

export interface Closed {
  /** The header behind which a group is closed; undefined: it is open to all. */
  headerOf(group: EndpointGroup): string | undefined;
}

export function startPage(service: InferenceService, view: PageView): string {
  const { name, version } = service.serverMetadata();
  const isListed = view.isOpen("model-repository");
  const index = service.index();
  const models = isListed
    ? index.map((entry) => modelSection(service, entry, view))
    : ["<p>The list of models is closed: <code>model-repository</code>.</p>"];
  const lead = [
    ...(isListed ? [`${index.length} ${index.length === 1 ? "model" : "models"}`] : []),
    ...(view.isOpen("health") ? [service.isReady() ? "ready" : "not ready"] : []),
    `version ${escapeHtml(version)}`,
    `as <code>${escapeHtml(name)}</code>`,
  ];
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
<p class="lead">${lead.join(", ")}</p>
${models.join("\n")}
<p>See also: ${links(view, [
    ["metadata", "/v2", "server"],
    ["statistics", "/v2/models/stats", "statistics"],
    ["health", "/v2/health/ready", "health"],
  ])}</p>
</main>
</body>
</html>
`;
}

type Link = readonly [group: EndpointGroup, href: string, text: string];

function links(view: PageView, all: readonly Link[]): string {
  return all
    .filter(([group]) => view.isOpen(group))
    .map(([, href, text]) => `<a href="${href}">${text}</a>`)
    .join(" ·\n");
}

function modelSection(service: InferenceService, entry: ModelIndexEntry, view: PageView): string {
  const { name, version, state, reason } = entry;
  const title = `<h2>${escapeHtml(name)} <small>version ${version ?? "?"}, ${state}</small></h2>`;
  if (state !== "READY") return `<section>${title}<p>${escapeHtml(reason)}</p></section>`;
  const { config } = service.lookUp(name, version);
  const { host = "localhost:8000" } = view;
  const path = `/v2/models/${encodeURIComponent(name)}`;
  return `<section>${title}
<table>
<tr><th></th><th>name</th><th>datatype</th><th>shape</th></tr>
${config.inputs.map((input) => tensorRow("in", input, config)).join("\n")}
${config.outputs.map((output) => tensorRow("out", output, config)).join("\n")}
</table>
<p>${batchText(config, view)}
${config.isDecoupled ? "It streams: a request has any number of responses." : ""}
${links(view, [
  ["metadata", path, "metadata"],
  ["model-config", `${path}/config`, "configuration"],
  ["statistics", `${path}/stats`, "statistics"],
])}</p>
<pre>${escapeHtml(curlLine(config, `http://${host}${path}`, view))}</pre>
</section>`;
}

function batchText({ maxBatchSize }: ModelConfig, view: PageView): string {
  if (maxBatchSize === 0) return "One request at a time, without a batch dimension.";
  return view.isOpen("model-config")
    ? `Batches of up to ${maxBatchSize} rows.`
    : "Batches of rows.";
}

function tensorRow(role: string, tensor: TensorConfig, config: ModelConfig): string {
  const name = `<td><code>${escapeHtml(tensor.name)}</code></td>`;
  const isOptional = tensor.isOptional ? " optional" : "";
  const shape = formatShape(wholeShape(tensor.dims, config));
  return `<tr><td>${role}</td>${name}<td>${tensor.datatype}${isOptional}</td><td>${shape}</td></tr>`;
}

/**
 * A line to paste: a request of one row. What would make too long a line, or cannot be known from
 * the configuration, becomes a question for the metadata. Where a header is wanted, `$TOKEN` stands
 * for its value.
 */
export function curlLine(config: ModelConfig, modelUrl: string, closed: Closed): string {
  const required = config.inputs.filter(({ isOptional }) => !isOptional);
  const inputs = required.map((input) => sampleInput(input, config));
  const known = inputs.filter((input) => input !== undefined);
  if (known.length < inputs.length) return `curl -s '${modelUrl}'${headerOf("metadata", closed)}`;
  const header = headerOf("inference", closed);
  if (config.isDecoupled) {
    const plain = known.map(({ name, data }) => [name, data.length === 1 ? data[0] : data]);
    return `curl -sN '${modelUrl}/generate_stream'${header} -d '${quoted(Object.fromEntries(plain))}'`;
  }
  return `curl -s '${modelUrl}/infer'${header} -d '${quoted({ inputs: known })}'`;
}

function headerOf(group: EndpointGroup, closed: Closed): string {
  const header = closed.headerOf(group);
  return header === undefined ? "" : ` -H "${header}: $TOKEN"`;
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
