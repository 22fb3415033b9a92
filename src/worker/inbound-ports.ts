/**
 * The ports of inbound endpoints. A port stays open while generations change: it is answered by the one that gave it back
 * until the next one takes it over, and is closed only when that one does not want it. So a deploy refuses no connection.
 */
import type { NodeConfig, ServiceListenerConfig } from "../config/node-config.ts";
import { AppError } from "../errors/app-error.ts";
import type { AddressPrefixes } from "../mediation/engine.ts";
import type { InboundDoor, InboundDoors } from "../mediation/jobs/inbound-doors.ts";
import type { Log } from "../observability/log.ts";
import type { Closable } from "../runtime/lifecycle.ts";
import type { MessagesInFlight } from "./messages-in-flight.ts";
import { ServiceListener } from "./service-listener.ts";

export interface InboundPortsOptions {
  readonly config: Pick<NodeConfig, "serviceListeners" | "portOffset" | "properties">;
  readonly addressPrefixes: AddressPrefixes;
  readonly inFlight: MessagesInFlight;
  readonly log: Log;
}

interface OpenPort {
  readonly transport: InboundDoor["transport"];
  readonly listener: ServiceListener;
  /** Who answers. */
  readonly answering: { door: InboundDoor };
  /** The generation that answers has given the port back. */
  isFree: boolean;
}

/** Shifts the ports of inbound endpoints by the port offset, which WSO2 leaves off as well. */
const OFFSET_PROPERTY = "inbound.port.offset.enable";

export class InboundPorts implements InboundDoors, Closable {
  readonly #options: InboundPortsOptions;
  readonly #open = new Map<number, OpenPort>();
  readonly #closing = new Set<Promise<void>>();

  constructor(options: InboundPortsOptions) {
    this.#options = options;
  }

  async open(door: InboundDoor): Promise<() => void> {
    const known = this.#open.get(door.port);
    if (known?.isFree === false) throw takenBy(`the ${known.answering.door.title}`, door);
    // A port that changes between http and https cannot be handed over.
    if (known && known.transport !== door.transport) this.#close(door.port, known);
    const port = this.#open.get(door.port) ?? (await this.#listen(door));
    port.answering.door = door;
    port.isFree = false;
    return () => {
      if (port.answering.door === door) port.isFree = true;
    };
  }

  /** Closes the ports that nobody took over: new connections are refused, requests in progress go on. */
  closeFree(): void {
    for (const [port, open] of this.#open) if (open.isFree) this.#close(port, open);
  }

  /** Resolves when the last request is over. */
  async close(): Promise<void> {
    for (const [port, open] of this.#open) this.#close(port, open);
    await Promise.all(this.#closing);
  }

  #close(port: number, open: OpenPort): void {
    this.#open.delete(port);
    this.#options.log.info(
      `The ${open.answering.door.title} does not listen on port ${port} any more`,
    );
    const closing = open.listener.close();
    this.#closing.add(closing);
    void closing.finally(() => this.#closing.delete(closing));
  }

  async #listen(door: InboundDoor): Promise<OpenPort> {
    const { addressPrefixes, inFlight, log } = this.#options;
    const answering = { door };
    const config = this.#listenerConfig(door);
    const listener = await ServiceListener.start({
      config,
      addressPrefixes,
      inFlight,
      log,
      currentEngine: () => ({ handle: answering.door.handle }),
    }).catch((error: unknown) => {
      throw isPortBusy(error) ? takenBy("another process", { ...door, port: config.port }) : error;
    });
    const open = { transport: door.transport, listener, answering, isFree: false };
    this.#open.set(door.port, open);
    return open;
  }

  /** Address and certificate are those of the node's listener of that scheme. */
  #listenerConfig({ title, transport, port }: InboundDoor): ServiceListenerConfig {
    const { serviceListeners, portOffset, properties } = this.#options.config;
    const own = serviceListeners.find(({ scheme }) => scheme === transport);
    const shift = properties[OFFSET_PROPERTY] === "true" ? portOffset : 0;
    if (transport === "https" && !own?.tls) {
      const sentence = `the ${title} has no certificate to show: the node has no https transport receiver (axis2.xml)`;
      throw new AppError("TLS_MATERIAL", sentence, { side: "config" });
    }
    return {
      scheme: transport,
      bindAddress: own?.bindAddress ?? "0.0.0.0",
      port: port + shift,
      wsdlEprPrefix: undefined,
      tls: own?.tls,
    };
  }
}

function isPortBusy(error: unknown): boolean {
  return error instanceof AppError && error.code === "PORT_BUSY";
}

/** The port offset, which other ports are moved with, does not move these. */
function takenBy(holder: string, { title, port }: InboundDoor): AppError {
  const sentence = `port ${port} is taken by ${holder}: give the ${title} another inbound.http.port`;
  return new AppError("PORT_BUSY", sentence, { side: "config" });
}
