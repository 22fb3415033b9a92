/** What `proxy_pass` of a location amounts to for one request: made in the content phase, done by proxy-request.ts. */
import type { Upstream } from "../../upstream/upstream.ts";
import type { ProxyPass } from "../modules/proxy.ts";
import type { RequestContext } from "../request-context.ts";
import type { ProxyEnd } from "./end-instead.ts";

export interface ProxyTask {
  readonly pass: ProxyPass;
  /** The target that the peers are asked for. */
  readonly path: string;
  readonly upstream: Upstream;
  /** `error_page` has something for the status: `proxy_intercept_errors` asks for it. */
  readonly hasErrorPage: (context: RequestContext, status: number) => boolean;
  /** Answers what the peers left to the gateway. */
  readonly answer: (context: RequestContext, end: ProxyEnd) => Promise<void>;
}
