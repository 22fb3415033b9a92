/** The gateway itself, as its users start it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../machine.ts";
import { nginxConfiguration } from "./nginx-configuration.ts";
import type { Proxy } from "./proxy.ts";

/** Room for more than 100,000 sessions, and no session ends while it is measured. */
const STICKY_LEARN =
  "sticky learn create=$upstream_cookie_jsessionid lookup=$cookie_jsessionid zone=sessions:64m timeout=6h;";

export const bascule: Proxy = {
  name: "bascule",
  stickiness: "`sticky learn` by the cookie",
  learns: true,
  prepare(place) {
    const line = place.sticky ? STICKY_LEARN : "";
    writeFileSync(join(place.home, "nginx.conf"), nginxConfiguration(place, line));
    return [join(ROOT, "bin", "bascule-gateway"), "-p", place.home, "-c", "nginx.conf"];
  },
};
