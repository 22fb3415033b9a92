/** An engine whose time tests own and whose addresses they take down; endpoint states outlive a deploy. */
import assert from "node:assert/strict";
import { formatProblem } from "../../../../src/errors/config-error.ts";
import { compileEngine } from "../../../../src/mediation/compile-engine.ts";
import {
  EndpointFailure,
  type EndpointFailureKind,
} from "../../../../src/mediation/endpoint-failure.ts";
import { EndpointStates } from "../../../../src/mediation/endpoints/endpoint-states.ts";
import type {
  ArtifactFile,
  CompileResult,
  Engine,
  EndpointRequest,
  EndpointResponse,
} from "../../../../src/mediation/engine.ts";
import { BODY_BYTES_MAX } from "../../../../src/mediation/message/message-body.ts";
import { collectBytes } from "../../../../src/net/byte-stream.ts";
import { FakeClock } from "../../../helpers/fake-clock.ts";
import { MemoryLog } from "../../../helpers/memory-log.ts";
import { responseOf } from "../../../helpers/stock-quote-backend.ts";
import { type Ask, requestOf, soap, SYNAPSE } from "../mediation-world.ts";

export interface Sent extends Omit<EndpointRequest, "body"> {
  readonly host: string;
  readonly text: string;
}

export class EndpointWorld {
  readonly clock = new FakeClock();
  readonly log = new MemoryLog();
  readonly states = new EndpointStates();
  readonly sent: Sent[] = [];
  /** What happens at a host instead of an answer. */
  readonly down = new Map<string, EndpointFailureKind>();
  answer: (sent: Sent) => EndpointResponse = ({ host }) =>
    responseOf(200, "text/xml", soap(`<from>${host}</from>`));
  readonly #others: readonly ArtifactFile[];
  #engine: Engine | undefined;

  /** The endpoint that a proxy P sends to; `rest` are other artifacts, `others` other files. */
  constructor(endpoint: string, rest = "", mediators = "", others: readonly ArtifactFile[] = []) {
    this.#others = others;
    this.deploy(endpoint, rest, mediators);
  }

  deploy(endpoint: string, rest = "", mediators = ""): void {
    const result = this.compile(
      `<proxy name="P"><target><inSequence>${mediators}<send>${endpoint}</send></inSequence><faultSequence><payloadFactory media-type="text"><format>$1 $2</format><args><arg expression="get-property('ERROR_CODE')"/><arg expression="get-property('ERROR_MESSAGE')"/></args></payloadFactory><respond/></faultSequence></target></proxy>${rest}`,
    );
    if (result.kind === "faulty") assert.fail(result.problems.map(formatProblem).join("\n"));
    this.#engine = result.engine;
  }

  compile(definitions: string): CompileResult {
    const text = `<definitions xmlns="${SYNAPSE}">${definitions}</definitions>`;
    const file = { path: "synapse-configs/default/synapse.xml", content: Buffer.from(text) };
    return compileEngine([file, ...this.#others], {
      log: this.log,
      clock: this.clock,
      systemProperties: {},
      endpointStates: this.states,
      callEndpoint: (request) => this.#call(request),
    });
  }

  async #call(request: EndpointRequest): Promise<EndpointResponse> {
    const { body, ...head } = request;
    const { host } = new URL(request.url);
    const sent = { ...head, host, text: await textOf(body) };
    this.sent.push(sent);
    const failure = this.down.get(host);
    if (failure) throw new EndpointFailure(failure, `${host} is down`);
    return this.answer(sent);
  }

  /** The body that the client gets. */
  async ask(ask: Ask = {}): Promise<string> {
    assert.ok(this.#engine);
    return textOf((await this.#engine.handle(requestOf(ask))).body);
  }

  /** The hosts that messages went to, one ask after the other. */
  async hostsOf(count: number, ask: Ask = {}): Promise<string> {
    this.sent.length = 0;
    for (let index = 0; index < count; index += 1) await this.ask(ask);
    return this.sent.map(({ host }) => host).join(" ");
  }

  get lines(): string {
    return this.log.messages().join("\n");
  }

  /** What is wrong with artifacts. */
  problems(definitions: string): string {
    const result = this.compile(definitions);
    return result.kind === "faulty" ? result.problems.map(({ message }) => message).join("\n") : "";
  }

  warnings(definitions: string): string {
    const result = this.compile(definitions);
    return result.kind === "faulty" ? "" : result.warnings.map(({ message }) => message).join("\n");
  }
}

async function textOf(body: EndpointRequest["body"]): Promise<string> {
  if (body === undefined) return "";
  const bytes = Buffer.isBuffer(body) ? body : await collectBytes(body, BODY_BYTES_MAX);
  return bytes.toString("utf8");
}

/** `<endpoint>` with an address; `inner` are its settings. */
export function address(host: string, inner = "", attributes = ""): string {
  return `<endpoint ${attributes}><address uri="http://${host}/s">${inner}</address></endpoint>`;
}
