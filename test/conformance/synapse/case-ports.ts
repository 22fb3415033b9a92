/**
 * The ports of one run of cases. Configurations name fixed ports; to let several runs stand side by side each
 * process of a run claims a block of ports of its own and every port that a case names is replaced, in
 * what is deployed and sent, by one of the block, and put back in what is compared. Ports keep four digits and
 * never are a number that the case holds anyway.
 */
import { createServer, type Server } from "node:net";

/** Blocks lie below the range from which systems hand out ports to clients. */
const FIRST_PORT = 3000;
const LAST_PORT = 9999;
const BLOCK_SIZE = 100;

/** A claimed block; the claim is the listener on its first port. */
export class PortBlock {
  readonly #first: number;
  readonly #claim: Server;

  private constructor(first: number, claim: Server) {
    this.#first = first;
    this.#claim = claim;
  }

  /** @throws Error when every block is taken. */
  static async claim(): Promise<PortBlock> {
    const count = Math.floor((LAST_PORT - FIRST_PORT + 1) / BLOCK_SIZE);
    const start = process.pid % count;
    for (let step = 0; step < count; step += 1) {
      const first = FIRST_PORT + ((start + step) % count) * BLOCK_SIZE;
      const server = await listening(first);
      if (server) return new PortBlock(first, server);
    }
    throw new Error(`all ports from ${FIRST_PORT} to ${LAST_PORT} are taken`);
  }

  async release(): Promise<void> {
    await closed(this.#claim);
  }

  /** Maps ports that a case names to free ones; `text` is everything that the case holds. */
  async map(written: readonly string[], text: string): Promise<CasePorts> {
    const actual = new Map<string, string>();
    let next = this.#first + 1;
    for (const port of new Set(written)) {
      while (text.includes(String(next)) || !(await isFree(next))) next += 1;
      if (next >= this.#first + BLOCK_SIZE)
        throw new Error(`too many ports: ${written.join(", ")}`);
      actual.set(port, String(next));
      next += 1;
    }
    return new CasePorts(actual);
  }
}

export class CasePorts {
  readonly #actual: ReadonlyMap<string, string>;
  readonly #written: ReadonlyMap<string, string>;

  constructor(actual: ReadonlyMap<string, string>) {
    this.#actual = actual;
    this.#written = new Map([...actual].map(([one, other]) => [other, one]));
  }

  /** The port that stands for a written one. */
  of(written: string): number {
    return Number(this.#actual.get(written) ?? written);
  }

  /** A text of the case with the ports of this run. */
  toRun(text: string): string {
    return replaced(text, this.#actual);
  }

  /** A text of this run with the ports of the case. */
  toCase(text: string): string {
    return replaced(text, this.#written);
  }
}

function replaced(text: string, ports: ReadonlyMap<string, string>): string {
  return text.replace(/(?<!\d)\d{4,5}(?!\d)/g, (number) => ports.get(number) ?? number);
}

/** Every port that a text names, as part of an address or as a port of its own. */
export function portsIn(text: string): readonly string[] {
  const found = text.matchAll(/(?:\/\/[\w.-]+:|\s:|[pP]ort"?>)(\d{4,5})(?!\d)/g);
  return [...found].map(([, port = ""]) => port);
}

async function isFree(port: number): Promise<boolean> {
  const server = await listening(port);
  if (server) await closed(server);
  return server !== undefined;
}

/** Undefined: the port is taken. */
function listening(port: number): Promise<Server | undefined> {
  const { promise, resolve } = Promise.withResolvers<Server | undefined>();
  const server = createServer((socket) => socket.destroy());
  server.once("error", () => resolve(undefined));
  server.listen({ port, host: "127.0.0.1" }, () => resolve(server));
  return promise;
}

function closed(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  return promise;
}
