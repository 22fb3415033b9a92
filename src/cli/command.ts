/** What a command of `bascule` is. One file a command; `commands.ts` is the ordered list. */
export interface Command {
  /** The text of `bascule help NAME`. */
  readonly usage: string;
  /**
   * Runs until the command is done; for nodes, until they have stopped.
   * @returns the exit status: 0 well, 1 failed, 2 wrong command line.
   * @throws AppError whose message is shown to the user.
   */
  run(args: readonly string[]): Promise<number>;
}

/** A line of the list of commands. */
export interface CommandEntry {
  /** The word after `bascule`. */
  readonly name: string;
  /** One line for `bascule help`. */
  readonly summary: string;
  readonly load: () => Promise<Command>;
}
