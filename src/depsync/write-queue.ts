/** Runs asynchronous work one at a time, in order of asking; a failure does not stop what follows. */
export class WriteQueue {
  #last: Promise<unknown> = Promise.resolve();

  run<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => {});
    return result;
  }
}
