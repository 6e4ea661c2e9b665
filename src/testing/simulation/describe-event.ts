/**
 * Events in words, for whoever replays a seed.
 */
import {
  bytesOf,
  type CallerAct,
  type EventPlan,
  type LoadPlan,
  type RequestPlan,
} from "./plans.ts";

export function describeEvent(event: EventPlan): string {
  switch (event.kind) {
    case "send":
      return `send ${describeRequest(event.request)}`;
    case "cancel":
      return `cancel r${event.number}`;
    case "take":
      return `take ${event.count} of r${event.number}`;
    case "load":
    case "replace":
      return `${event.kind} ${describeLoad(event.load)}`;
    case "unload":
      return `unload ${event.name}${event.version === undefined ? "" : `/${event.version}`}`;
    case "run":
      return "the server is running";
    case "drain":
      return "drain";
    case "abandon":
      return "abandon";
  }
}

function describeRequest(request: RequestPlan): string {
  const { number, modelName, version, inputs, priority, timeoutMs, deadlineMs, taking } = request;
  const whom = version === undefined ? modelName : `${modelName}/${version}`;
  const shapes = inputs.map(({ name, shape }) => `${name}[${shape.join()}]`);
  const acts = [...request.onResponse, ...request.onEnd].map(describeAct);
  return [
    `r${number} for ${whom}`,
    ...shapes,
    `${bytesOf(request)} bytes`,
    ...(request.isInternal ? ["internal"] : []),
    ...(priority > 0 ? [`priority ${priority}`] : []),
    ...(timeoutMs > 0 ? [`timeout ${timeoutMs}`] : []),
    ...(deadlineMs < Number.POSITIVE_INFINITY ? [`deadline ${deadlineMs}`] : []),
    `takes ${taking.count} per ${taking.every} after ${taking.lateMs} ms`,
    ...acts,
  ].join(", ");
}

function describeAct(act: CallerAct): string {
  switch (act.kind) {
    case "send":
      return `then send ${describeRequest(act.request)}`;
    case "cancel":
      return `then cancel r${act.number}`;
    case "take":
      return `then take ${act.count} of r${act.number}`;
    case "unload":
      return `then unload ${act.name}/${act.version}`;
    case "throw":
      return "then throw";
  }
}

function describeLoad({ model, ...load }: LoadPlan): string {
  const what = `${load.number} of ${model.name}/${model.version}`;
  return `${what}: ${JSON.stringify(load)} ${JSON.stringify(model)}`;
}
