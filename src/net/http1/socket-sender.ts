/**
 * What goes out of one client connection: writes, those who wait until all of it is gone, and `send_timeout`
 * (ngx_http_core_module): a client that has taken nothing for that long is given up. Owned by ServerConnection.
 */
import type { Socket } from "node:net";
import type { SendSlabs } from "./send-slabs.ts";
import { unsentBytes } from "./shared-reads.ts";
import type { Deadline, TimerWheel } from "./timer-wheel.ts";

export interface SocketSenderOptions {
  readonly wheel: TimerWheel;
  readonly slabs: SendSlabs;
  /** Milliseconds without progress after which `onStalled` is called; undefined: without a bound. */
  readonly timeoutMs: () => number | undefined;
  readonly onStalled: () => void;
  /** Everything that was written has gone out. */
  readonly onDrained: () => void;
}

export class SocketSender {
  readonly #socket: Socket;
  readonly #options: SocketSenderOptions;
  readonly #deadline: Deadline;
  #waiters: (() => void)[] = [];
  #watching = false;
  /** At the last look. */
  #unsentBytes = 0;

  constructor(socket: Socket, options: SocketSenderOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#deadline = options.wheel.deadline(() => this.#look());
  }

  /** @returns whether the sender may go on without `whenDrained`. Text is latin1. */
  write(data: string | Buffer): boolean {
    const socket = this.#socket;
    if (socket.destroyed) return true;
    const goesOn = typeof data === "string" ? socket.write(data, "latin1") : socket.write(data);
    if (socket.writableLength === 0) return true;
    this.#watch();
    return goesOn;
  }

  /** Both in one segment, where it fits. */
  writeTogether(text: string, data: Buffer): boolean {
    const socket = this.#socket;
    if (text === "") return this.write(data);
    if (socket.destroyed) return true;
    socket.cork();
    socket.write(text, "latin1");
    const goesOn = socket.write(data);
    socket.uncork();
    if (socket.writableLength === 0) return true;
    this.#watch();
    return goesOn;
  }

  /** As `writeTogether`, with data that is overwritten after the call. */
  writeCopy(text: string, data: Buffer): boolean {
    const socket = this.#socket;
    if (socket.destroyed) return true;
    const goesOn = this.#options.slabs.write(socket, text, data);
    if (socket.writableLength === 0) return true;
    this.#watch();
    return goesOn;
  }

  /** Runs the action once nothing is on its way any more, also because the connection is gone. */
  whenDrained(action: () => void): void {
    if (this.#socket.destroyed || this.#socket.writableLength === 0) action();
    else this.#waiters.push(action);
  }

  /** What is on its way now is not watched any longer. */
  stopWatch(): void {
    this.#deadline.clear();
  }

  /** The connection is gone. */
  end(): void {
    this.#deadline.end();
    for (const action of this.#waiters.splice(0)) action();
  }

  #watch(): void {
    const socket = this.#socket;
    // After the end nothing can be written behind what is on its way.
    if (this.#watching || socket.writableEnded || socket.destroyed) return;
    this.#watching = true;
    this.#unsentBytes = unsentBytes(socket);
    const timeoutMs = this.#options.timeoutMs();
    if (timeoutMs !== undefined) this.#deadline.set(timeoutMs);
    // An empty write: its call comes when everything before it has gone out.
    socket.write("", () => this.#sent());
  }

  #sent(): void {
    this.#watching = false;
    if (this.#socket.writableLength > 0) return this.#watch();
    this.#deadline.clear();
    this.#options.onDrained();
    const waiters = this.#waiters;
    if (waiters.length === 0) return;
    this.#waiters = [];
    for (const action of waiters) action();
  }

  #look(): void {
    const unsent = unsentBytes(this.#socket);
    const timeoutMs = this.#options.timeoutMs();
    if (unsent === this.#unsentBytes || timeoutMs === undefined) return this.#options.onStalled();
    this.#unsentBytes = unsent;
    this.#deadline.set(timeoutMs);
  }
}
