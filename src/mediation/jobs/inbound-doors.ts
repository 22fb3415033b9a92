/**
 * The listening ports of inbound endpoints as the engine asks for them; who has sockets (the worker) provides them. A port
 * is handed from one generation to the next without being closed.
 */
import type { ServiceRequest, ServiceResponse, Transport } from "../engine.ts";

export interface InboundDoor {
  /** "inbound endpoint X", for errors and logs. */
  readonly title: string;
  readonly transport: Transport;
  readonly port: number;
  readonly handle: (request: ServiceRequest) => Promise<ServiceResponse>;
}

export interface InboundDoors {
  /**
   * Listens, or takes over a port on which another generation listens.
   * @returns gives the port back; it goes on being answered as before until somebody takes it over or it is closed.
   * @throws AppError PORT_BUSY, TLS_MATERIAL.
   */
  open(door: InboundDoor): Promise<() => void>;
}
