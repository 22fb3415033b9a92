/** Debian's nginx. Its version 1.22 has no `sticky`: sessions are bound by a consistent hash of the cookie. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { nginxConfiguration } from "./nginx-configuration.ts";
import type { Proxy } from "./proxy.ts";

export const nginx: Proxy = {
  name: "nginx",
  stickiness: "`hash $cookie_jsessionid consistent` (no table: Debian's nginx has no sticky learn)",
  learns: false,
  prepare(place) {
    const file = join(place.home, "nginx.conf");
    const line = place.sticky ? "hash $cookie_jsessionid consistent;" : "";
    writeFileSync(file, nginxConfiguration(place, line));
    return ["nginx", "-p", place.home, "-c", file, "-e", join(place.home, "error.log")];
  },
};
