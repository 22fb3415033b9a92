/** The block `cluster` of the main level: our own directives for joining the membership. */
import { DirectiveFault } from "./nginx/directive-fault.ts";
import type { Block } from "./nginx/block.ts";
import { block, list, plainText, single } from "./nginx/directive.ts";
import type { ClusterConfig } from "./gateway-config.ts";
import { parsePort, splitHostPort } from "./http/listen-address.ts";

const LEVEL = ["cluster"] as const;
const DOMAIN_DEFAULT = "wso2.carbon.domain";
const PORT_DEFAULT = 4000;

export const clusterBlock = block({ name: "cluster", contexts: ["main"], opens: "cluster" });

export const clusterSettings = {
  domain: single({
    name: "domain",
    contexts: LEVEL,
    value: plainText,
    initial: DOMAIN_DEFAULT,
  }),
  localMemberHost: single({
    name: "local_member_host",
    contexts: LEVEL,
    value: plainText,
    initial: "127.0.0.1",
  }),
  localMemberPort: single({
    name: "local_member_port",
    contexts: LEVEL,
    initial: PORT_DEFAULT,
    value: ([text = ""]) => {
      const port = parsePort(text);
      if (port === undefined) throw new DirectiveFault(`invalid port "${text}"`);
      return port;
    },
  }),
  members: list<{ readonly host: string; readonly port: number }>({
    name: "member",
    contexts: LEVEL,
    value: ([text = ""]) => {
      const split = splitHostPort(text);
      const port = parsePort(split?.port ?? "");
      if (!split || split.host === "" || port === undefined) {
        throw new DirectiveFault(`invalid member "${text}", it must be HOST:PORT`);
      }
      return { host: split.host, port };
    },
  }),
  groupPasswordFile: single<string, undefined>({
    name: "group_password_file",
    contexts: LEVEL,
    value: ([path = ""], scope) => scope.configPath(path),
    initial: undefined,
  }),
  nodeName: single<string, undefined>({
    name: "node_name",
    contexts: LEVEL,
    value: plainText,
    initial: undefined,
  }),
};

/** Undefined when the main level has no `cluster`: the gateway joins nothing. */
export function compileCluster(main: Block): ClusterConfig | undefined {
  return main.childrenIn("cluster")[0]?.settings(clusterSettings);
}
