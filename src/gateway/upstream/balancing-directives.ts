/** The directives that choose the balancer of an upstream (least_conn, ip_hash, hash, random). */
import type { SourcePlace } from "../../errors/config-error.ts";
import type { Block } from "../nginx/block.ts";
import { DirectiveFault } from "../nginx/directive-fault.ts";
import type { ReadingState } from "../nginx/directive-scope.ts";
import { single, type ValueReader } from "../nginx/directive.ts";
import type { BalancingMethod } from "./upstream-config.ts";

/** A method and where it stands: the last one wins. */
interface MethodLine {
  readonly method: BalancingMethod;
  readonly place: SourcePlace;
}

function row(
  name: string,
  arity: { readonly min: number; readonly max: number },
  value: (...input: Parameters<ValueReader<BalancingMethod>>) => BalancingMethod,
  missing?: string,
) {
  return single<MethodLine, undefined>({
    name,
    contexts: ["upstream"],
    arity,
    ...(missing === undefined ? {} : { missing }),
    initial: undefined,
    value: (args, scope) => ({ method: value(args, scope), place: scope.place }),
  });
}

export const balancingSettings = {
  leastConn: row("least_conn", { min: 0, max: 0 }, () => ({ kind: "least_conn" })),
  ipHash: row("ip_hash", { min: 0, max: 0 }, () => ({ kind: "ip_hash" })),
  hash: row("hash", { min: 1, max: 2 }, ([key = "", word], scope) => {
    if (word !== undefined && word !== "consistent") {
      throw new DirectiveFault(`invalid parameter "${word}"`);
    }
    return { kind: "hash", key: scope.template(key), consistent: word !== undefined };
  }),
  random: row(
    "random",
    { min: 0, max: 2 },
    ([count, rule]) => {
      if (count !== undefined && count !== "two") {
        throw new DirectiveFault(`invalid parameter "${count}"`);
      }
      if (rule !== undefined && rule !== "least_conn") {
        throw new DirectiveFault(`invalid parameter "${rule}"`);
      }
      return { kind: "random", two: count === "two" };
    },
    "least_time",
  ),
};

/** The last method of the block and its line; round robin without one. A second one is told in a warning. */
export function balancingMethod(
  block: Block,
  state: ReadingState,
): { readonly method: BalancingMethod; readonly line: number } {
  const lines = Object.values(block.settings(balancingSettings)).filter(
    (line) => line !== undefined,
  );
  const ordered = lines.toSorted((left, right) => left.place.line - right.place.line);
  for (const { place } of ordered.slice(1)) {
    state.problems.warning(place, "load balancing method redefined");
  }
  const last = ordered.at(-1);
  return { method: last?.method ?? { kind: "round_robin" }, line: last?.place.line ?? 0 };
}
