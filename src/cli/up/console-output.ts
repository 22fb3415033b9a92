/** What `bascule up` prints: progress, the table of URLs, and the nodes' lines, one colour a node. */
import type { PlannedNode } from "./cluster-plan.ts";

/** Codes of the eight-colour palette that read well on dark and light ground. */
const COLOURS = [36, 32, 33, 35, 34, 31] as const;

export class ConsoleOutput {
  readonly #useColour: boolean;
  readonly #colourOf: ReadonlyMap<string, number>;
  readonly #held: string[] = [];
  #holding = true;

  /** `useColour`: stdout is a terminal and NO_COLOR is not set. */
  constructor(nodes: readonly PlannedNode[], useColour: boolean) {
    this.#useColour = useColour;
    this.#colourOf = new Map(
      nodes.map((node, index) => [node.name, COLOURS[index % COLOURS.length] ?? 37]),
    );
  }

  say(line: string): void {
    console.log(line);
  }

  /** A node's own line. Held back until the table is out, so that the table is read first. */
  nodeLine(node: PlannedNode, line: string): void {
    const name = `${node.name.padEnd(9)}|`;
    const colour = this.#colourOf.get(node.name) ?? 37;
    const shown = this.#useColour ? `\u001B[${colour}m${name} ${line}\u001B[0m` : `${name} ${line}`;
    if (this.#holding) this.#held.push(shown);
    else console.log(shown);
  }

  /** Prints what was held back; from now on lines go out as they come. */
  release(): void {
    this.#holding = false;
    for (const line of this.#held.splice(0)) console.log(line);
  }
}

/** Whether colours are wanted (https://no-color.org). */
export function wantsColour(environment: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  return isTerminal && !environment["NO_COLOR"];
}
