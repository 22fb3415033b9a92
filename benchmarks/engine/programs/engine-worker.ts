/**
 * A worker's service port with its engine and its outgoing client, without manager and cluster. A process of its own:
 * `engine-worker.ts PORT ARTIFACTS CERTIFICATE|- KEY|- AUTHORITY|-`.
 */
import { readFileSync } from "node:fs";
import { formatProblem } from "../../../src/errors/config-error.ts";
import { compileEngine } from "../../../src/mediation/compile-engine.ts";
import { HttpClient } from "../../../src/net/http-client.ts";
import { createLog } from "../../../src/observability/log.ts";
import { createEndpointCaller } from "../../../src/worker/endpoint-caller.ts";
import { ServiceListener } from "../../../src/worker/service-listener.ts";

const [port = "", artifacts = "", certificateFile = "-", keyFile = "-", authority = "-"] =
  process.argv.slice(2);
const log = createLog({ node: "bench", sinks: [{ write: (line) => process.stdout.write(line) }] });
const tls =
  authority === "-"
    ? undefined
    : { authorities: readFileSync(authority, "utf8"), checksHostNames: true, profiles: new Map() };
const client = new HttpClient({ tls });
const result = compileEngine(
  [{ path: "synapse-configs/default/synapse.xml", content: readFileSync(artifacts) }],
  { log, callEndpoint: createEndpointCaller(client), systemProperties: {} },
);
if (result.kind === "faulty") throw new Error(result.problems.map(formatProblem).join("\n"));
await ServiceListener.start({
  config: {
    scheme: authority === "-" ? "http" : "https",
    port: Number(port),
    bindAddress: "127.0.0.1",
    wsdlEprPrefix: undefined,
    tls:
      authority === "-" ? undefined : { kind: "pem", certificateFile, keyFile, place: undefined },
  },
  addressPrefixes: {},
  currentEngine: () => result.engine,
  log,
});
