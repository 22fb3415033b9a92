/** A process with nothing to do but the queries of its arguments, started by xquery.test.ts: prints a line for each. */
import { XQueryRunner } from "../../../src/mediation/transform/xquery-runner.ts";

const runner = new XQueryRunner();
for (const query of process.argv.slice(2)) {
  const job = { query, payload: "<a/>", variables: {} };
  const line = runner.run(job).catch((error: unknown) => String(error));
  console.log(await line);
}
