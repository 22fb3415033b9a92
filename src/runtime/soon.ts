/**
 * Values that are mostly there at once and sometimes have to be waited for. Waiting costs a promise and a turn of the
 * microtask queue each time: on paths that every message takes, only those pay for it that wait.
 */

export type Soon<T> = T | Promise<T>;

/** Goes on with the value: within the call when it is there. */
export function whenThere<T, R>(value: Soon<T>, proceed: (value: T) => Soon<R>): Soon<R> {
  return value instanceof Promise ? value.then(proceed) : proceed(value);
}
