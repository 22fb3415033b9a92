/** The options that deploy, undeploy and rollback share: why, and which workers are left out on purpose. */
import type { TakenOptions } from "./taken-options.ts";

export const CHANGE_OPTIONS = { without: "values", message: "value" } as const;

export const CHANGE_USAGE = `  --without NODE   goes on without this worker, which is silent: it takes the revision when it is back, and gets no
                   requests until then; may be given several times
  --message TEXT   why, for the history; one line`;

/** As the management API takes them. */
export function changeQuery(options: TakenOptions): URLSearchParams {
  const query = new URLSearchParams();
  const message = options.value("message");
  if (message !== undefined) query.set("message", message);
  for (const node of options.values("without")) query.append("without", node);
  return query;
}
