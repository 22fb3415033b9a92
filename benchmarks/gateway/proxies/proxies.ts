/** The proxies under test, in the order of the report. nginx is what the others are compared with. */
import { bascule } from "./bascule.ts";
import { haproxy } from "./haproxy.ts";
import { httpProxy3 } from "./http-proxy-3.ts";
import { nginx } from "./nginx.ts";
import type { Proxy } from "./proxy.ts";

export const GATEWAY_NAME = bascule.name;
export const BASELINE_NAME = nginx.name;

export const PROXIES: readonly Proxy[] = [nginx, bascule, haproxy, httpProxy3];
