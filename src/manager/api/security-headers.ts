/** Headers that every answer carries, unless a route has a stricter one: nothing is loaded from elsewhere, framed, guessed or kept (OWASP secure headers). */
import type { ManagementApp } from "./management-services.ts";

export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

export function addSecurityHeaders(app: ManagementApp): void {
  app.addHook("onSend", async (_request, reply) => {
    for (const [name, value] of Object.entries(SECURITY_HEADERS))
      if (!reply.hasHeader(name)) void reply.header(name, value);
    if (!reply.hasHeader("cache-control")) void reply.header("cache-control", "no-store");
  });
}
