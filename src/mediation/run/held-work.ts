/**
 * What an exchange waits for before it ends: copies of messages that run beside their parent (clone, iterate), groups of
 * aggregate that wait for their time; and what is to be done at its end (a throttle's place is given back).
 */
export class HeldWork {
  #running = 0;
  #done: (() => void) | undefined;
  readonly #endings: (() => void)[] = [];

  /** How the work ends does not matter here: whoever began it answers its failure. */
  hold(work: Promise<unknown>): void {
    this.#running += 1;
    const over = (): void => {
      this.#running -= 1;
      if (this.#running === 0) this.#done?.();
    };
    work.then(over, over);
  }

  atEnd(action: () => void): void {
    this.#endings.push(action);
  }

  /** Calls `finish` and then the endings: at once, or when no work is held any more. */
  whenDone(finish: () => void): void | Promise<void> {
    if (this.#running === 0) return this.#end(finish);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#done = resolve;
    return promise.then(() => this.whenDone(finish));
  }

  #end(finish: () => void): void {
    finish();
    for (const ending of this.#endings.splice(0)) ending();
  }
}
