/**
 * Writes what is overwritten afterwards: copies it into memory that comes back when the system has taken it. A fresh
 * buffer for every large piece costs more than the copy (zeroes, page faults, garbage). Bounded: while all slabs
 * are on their way, to receivers that take nothing, pieces get memory of their own.
 */
import type { Socket } from "node:net";

/** The largest read with the head of a message before it. */
const SLAB_BYTES = 260 * 1024;
/** More serve more slow receivers and hold 260 KB each for good. */
const SLABS_MAX = 16;

export class SendSlabs {
  readonly #free: Buffer[] = [];
  #count = 0;

  /** Text (one character a byte) and data in one call to the system. @returns what `socket.write` says. */
  write(socket: Socket, text: string, data: Buffer): boolean {
    const length = text.length + data.length;
    const slab = length <= SLAB_BYTES ? this.#take() : undefined;
    const memory = slab ?? Buffer.allocUnsafeSlow(length);
    memory.write(text, 0, "latin1");
    data.copy(memory, text.length);
    if (!slab) return socket.write(memory);
    return socket.write(slab.subarray(0, length), () => void this.#free.push(slab));
  }

  #take(): Buffer | undefined {
    const free = this.#free.pop();
    if (free || this.#count === SLABS_MAX) return free;
    this.#count++;
    return Buffer.allocUnsafeSlow(SLAB_BYTES);
  }
}
