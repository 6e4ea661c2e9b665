/**
 * HTTP handler: answers every path of the protocol, as a plain `(request, response)` function.
 *
 * Routes first, then who may pass, then methods: an unknown path is 404, one of a group that is
 * closed 403, a known one with another method 405. So are HEAD and OPTIONS, unless CORS is on: then
 * HEAD is answered like GET, without the body.
 *
 * It decides nothing: look-up, states and errors are the core's. It mounts in `node:http`, Express
 * and Fastify; what it needs of the request is its URL, its headers and its body.
 *
 * Not here: inference itself (infer-exchange.ts), listening (server/http-listener.ts).
 */
import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ModelControl, ModelIndexEntry, ModelLister } from "../../core/inference-service.ts";
import { modelConfigJson } from "../../core/model-config-json.ts";
import { InferenceError } from "../../protocol/errors.ts";
import type { AskedVersion } from "../../protocol/infer.ts";
import { parseJson } from "../../protocol/json-reader.ts";
import { JsonObject } from "../../protocol/json-value.ts";
import { parseModelVersion } from "../../protocol/model-version.ts";
import { type EndpointGroup, groupOfRoute } from "../endpoint-groups.ts";
import { controlOff, exiting, isExiting, namedRepository } from "../refusals.ts";
import type { Restrictions } from "../restrictions.ts";
import { connectionOf } from "./connection.ts";
import { Cors } from "./cors.ts";
import { InferExchange, type InferOptions, type InferRoute } from "./infer-exchange.ts";
import { readLoadOverride, readUnloadOptions } from "./model-control.ts";
import { BodyError, type ReceivedBody, receiveBody, refuseBody } from "./request-body.ts";
import { headerIn, type RequestHead, readHead } from "./request-head.ts";
import { type HeaderList, sendEmpty, sendError, sendJson, sendText } from "./responses.ts";
import { type Route, routeOf } from "./routes.ts";
import { type PageView, startPage } from "./start-page.ts";
import { statisticsJson } from "./statistics-json.ts";

export interface HttpOptions extends InferOptions {
  /** Origins whose pages may call; empty: none. */
  readonly cors: string;
  /** Routes that are closed to whoever does not send a header. */
  readonly restrictions: Restrictions;
  /** Undefined: no client loads or unloads. */
  readonly control: ModelControl | undefined;
  /** For the repository index, if there are more than the service's models. */
  readonly models?: ModelLister;
}

export class HttpHandler {
  readonly #options: HttpOptions;
  readonly #cors: Cors;
  readonly #idPrefix = randomBytes(4).toString("hex");
  #requestCount = 0;

  constructor(options: HttpOptions) {
    this.#options = options;
    const { secretHeaders } = options.restrictions;
    this.#cors = new Cors(options.cors, options.forwardPattern, secretHeaders);
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    connectionOf(request, this.#options.clock).latest = response;
    const head = readHead(request);
    const headers = this.#cors.headersFor(head.origin);
    const route = routeOf(request.url ?? "");
    const method = request.method === "HEAD" && this.#cors.isOn ? "GET" : request.method;
    // For whatever path: what is wrong with it, a page sees from the answer to its request.
    if (method === "OPTIONS" && this.#cors.isOn) this.#cors.answerPreflight(request, response);
    else if (route === undefined) sendJson(response, 404, { error: "Not Found" }, headers);
    else this.#admit({ request, response, route, head, headers }, method);
  }

  /** Whoever may not pass hears nothing else. */
  #admit(exchange: Exchange, method: string | undefined): void {
    const { request, response, route, headers } = exchange;
    const missing = this.#missing(request, groupOfRoute(route.name));
    if (missing !== undefined) {
      const error = `This API is restricted, expecting header '${missing}'`;
      sendJson(response, 403, { error }, headers);
    } else if (method !== route.method) {
      const isHeadToo = route.method === "GET" && this.#cors.isOn;
      const allow = ["Allow", isHeadToo ? "GET, HEAD" : route.method];
      sendJson(response, 405, { error: "Method Not Allowed" }, [...allow, ...headers]);
    } else this.#answer(exchange);
  }

  /** The header that its caller should have sent; undefined: it may pass. */
  #missing({ rawHeaders }: IncomingMessage, group?: EndpointGroup): string | undefined {
    const { restrictions } = this.#options;
    if (restrictions.isEmpty) return undefined;
    return restrictions.missing(group, (name) => headerIn(rawHeaders, name));
  }

  #answer(exchange: Exchange): void {
    const { response, headers, route } = exchange;
    try {
      const { name } = route;
      const version = parseModelVersion(route.version ?? "");
      if (isInferRoute(name)) this.#infer(exchange, name, version);
      else this.#tell(exchange, version);
    } catch (reason) {
      if (!(reason instanceof InferenceError)) {
        this.#options.log.error(`a request for the ${route.name} failed`, { error: reason });
      }
      sendError(response, InferenceError.from(reason), headers);
    }
  }

  #infer(exchange: Exchange, name: InferRoute, version: AskedVersion): void {
    const { request, response, route, head, headers } = exchange;
    this.#requestCount += 1;
    const target = {
      route: name,
      modelName: route.model,
      modelVersion: version,
      requestId: head.requestId ?? `${this.#idPrefix}-${this.#requestCount}`,
      head,
      headers,
    };
    new InferExchange(request, response, this.#options, target).start();
  }

  #tell(exchange: Exchange, version: AskedVersion): void {
    const { request, response, route, headers } = exchange;
    const { service } = this.#options;
    const { model } = route;
    switch (route.name) {
      case "server live":
        sendEmpty(response, 200, headers);
        break;
      case "server ready":
        if (isExiting(service.state)) throw exiting("exiting");
        sendEmpty(response, service.isReady() ? 200 : 400, headers);
        break;
      case "server metadata":
        sendJson(response, 200, service.serverMetadata(), headers);
        break;
      case "model ready":
        this.#tellModelReady(exchange, version);
        break;
      case "model metadata":
        sendJson(response, 200, service.modelMetadata(model, version), headers);
        break;
      case "model config":
        sendJson(response, 200, modelConfigJson(service.lookUp(model, version).config), headers);
        break;
      case "model statistics":
        sendJson(response, 200, statisticsJson(service.statistics(model, version)), headers);
        break;
      case "statistics":
        sendJson(response, 200, statisticsJson(service.statistics()), headers);
        break;
      case "start page":
        sendText(response, 200, startPage(service, this.#viewOf(request)), [
          "Content-Type",
          "text/html; charset=utf-8",
          ...headers,
        ]);
        break;
      case "repository index":
        this.#tellIndex(exchange);
        break;
      case "model load":
      case "model unload":
        this.#control(exchange);
        break;
      case "named repository":
        throw namedRepository();
      case "infer":
      case "generate":
      case "generate stream":
        break;
    }
  }

  #viewOf(request: IncomingMessage): PageView {
    const { restrictions } = this.#options;
    return {
      host: request.headers.host,
      isOpen: (group) => this.#missing(request, group) === undefined,
      headerOf: (group) => restrictions.headerOf(group),
    };
  }

  #tellModelReady({ response, route, headers }: Exchange, version: AskedVersion): void {
    const { service } = this.#options;
    if (isExiting(service.state)) throw exiting("not ready");
    if (service.lookUp(route.model, version).isReady()) sendEmpty(response, 200, headers);
    else sendJson(response, 400, { error: "Model version not ready" }, headers);
  }

  #tellIndex(exchange: Exchange): void {
    const { response, headers } = exchange;
    const { service, models } = this.#options;
    this.#receive(exchange, async (body) => {
      const onlyReady = wantsOnlyReady(body);
      const all = models === undefined ? service.index() : await models.index();
      const shown = all.filter(({ state }) => !onlyReady || state === "READY");
      sendJson(response, 200, shown.map(indexEntry), headers);
    });
  }

  /** Answers when the load has ended, and when an unload has begun. */
  #control(exchange: Exchange): void {
    const { response, route, headers } = exchange;
    const { control } = this.#options;
    if (control === undefined) throw controlOff();
    this.#receive(exchange, async (body) => {
      if (route.name === "model load") await control.load(route.model, readLoadOverride(body));
      else await control.unload(route.model, readUnloadOptions(body));
      sendEmpty(response, 200, headers);
    });
  }

  /** The whole body; what is thrown is the answer. */
  #receive(
    { request, response, head, headers }: Exchange,
    use: (body: ReceivedBody) => void | Promise<void>,
  ): void {
    const { maxBodyBytes, receivedBytes, clock } = this.#options;
    const plan = { maxBodyBytes, announced: head.contentLength, receivedBytes };
    const letGo = receiveBody(request, plan, (outcome) => {
      if (outcome instanceof BodyError) {
        refuseBody(request, response, outcome, { clock, headers });
        return;
      }
      const used = async (): Promise<void> => await use(outcome);
      used().catch((reason: unknown) => {
        sendError(response, InferenceError.from(reason), headers);
      });
    });
    response.once("close", letGo);
  }
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly route: Route;
  readonly head: RequestHead;
  /** On every answer. */
  readonly headers: HeaderList;
}

function isInferRoute(name: Route["name"]): name is InferRoute {
  return name === "infer" || name === "generate" || name === "generate stream";
}

/** What is no object counts as empty. */
function wantsOnlyReady({ chunks, byteLength }: ReceivedBody): boolean {
  if (byteLength === 0) return false;
  const body = parseJson(Buffer.concat(chunks));
  const ready = body instanceof JsonObject ? body.members.get("ready") : undefined;
  if (ready === undefined || typeof ready === "boolean") return ready ?? false;
  const why = "Invalid value for 'ready': expected a boolean";
  throw new InferenceError("INVALID_ARGUMENT", why);
}

/** Keys without a value are left out; a model that was never to be loaded has a name alone. */
function indexEntry({ name, version, state, reason }: ModelIndexEntry): object {
  return {
    name,
    ...(version !== undefined && { version: String(version) }),
    ...(state !== "UNKNOWN" && { state }),
    ...(reason !== "" && { reason }),
  };
}
