/**
 * Next steps: what to try once a server is up, as lines to paste. For people; scripts wait for the
 * lines about the services instead.
 */
import type { InferenceService } from "../core/inference-service.ts";
import { type Closed, curlLine } from "../frontends/http/start-page.ts";

/** More would be no help. */
const mostModels = 5;

export function nextSteps(
  service: InferenceService,
  url: string,
  closed: Closed,
): readonly string[] {
  const models = service.index().filter(({ state }) => state === "READY");
  const lines = models.slice(0, mostModels).map(({ name, version }) => {
    const { config } = service.lookUp(name, version);
    return `  ${curlLine(config, `${url}/v2/models/${encodeURIComponent(name)}`, closed)}`;
  });
  if (lines.length === 0) return [`Open ${url}`];
  const rest = models.length - lines.length;
  const more = rest > 0 ? ` (and ${rest} more model${rest === 1 ? "" : "s"})` : "";
  return ["Try", ...lines, `or open ${url}${more}`];
}
