/** What deploy, undeploy and rollback share: the manager that is asked, why, and which workers are left out on purpose. */
import { readManagerArguments } from "./manager-arguments.ts";
import type { ManagerAccess } from "./manager-client.ts";
import { type OptionKind, TakenOptions } from "./taken-options.ts";

const CHANGE_OPTIONS = { without: "values", message: "value" } as const;

export const CHANGE_USAGE = `  --without NODE   goes on without this worker, which is silent: it takes the revision when it is back, and gets no
                   requests until then; may be given several times
  --message TEXT   why, for the history; one line`;

export interface ChangeArguments {
  readonly access: ManagerAccess;
  readonly positionals: readonly string[];
  /** Why, and who is left out, as the management API takes it. */
  readonly query: URLSearchParams;
  /** The command's own options among others. */
  readonly options: TakenOptions;
}

/**
 * @param check throws when the positionals are not what the command takes.
 * @param own the options that the command has beside those of all changes.
 * @throws AppError USAGE.
 */
export async function readChangeArguments(
  args: readonly string[],
  check: (positionals: readonly string[]) => void,
  own: Readonly<Record<string, OptionKind>> = {},
): Promise<ChangeArguments> {
  const options = new TakenOptions(args, { ...CHANGE_OPTIONS, ...own });
  const { access, positionals } = await readManagerArguments(options.rest, process.env, check);
  return { access, positionals, query: changeQuery(options), options };
}

/** The path with the query, if there is one. */
export function withQuery(path: string, query: Readonly<URLSearchParams>): string {
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}

function changeQuery(options: TakenOptions): URLSearchParams {
  const query = new URLSearchParams();
  const message = options.value("message");
  if (message !== undefined) query.set("message", message);
  for (const node of options.values("without")) query.append("without", node);
  return query;
}
