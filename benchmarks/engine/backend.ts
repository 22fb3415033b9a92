/** What the services call: Debian's nginx on the load CPU, which answers at once with a message of the request's size. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startBackendNginx } from "../gateway/backend-nginx.ts";
import type { Workplace } from "../gateway/workplace.ts";
import { orderOf, SIZES } from "./messages.ts";

export interface Backend {
  readonly plain: number;
  readonly secure: number;
}

export async function startBackend(workplace: Workplace): Promise<Backend> {
  const { ports, folder } = workplace;
  const backend: Backend = { plain: await ports.take(), secure: await ports.take() };
  const home = join(folder, "backend");
  mkdirSync(home);
  for (const [name, bytes] of SIZES) writeFileSync(join(home, name), orderOf(bytes));
  const nginx = startBackendNginx(workplace, {
    home,
    bodyBufferSize: "256k",
    defaultType: "text/xml; charset=UTF-8",
    servers: serverOf(workplace, backend, home),
  });
  await nginx.listening(backend.plain);
  return backend;
}

/** A file answers POST with 405, which is made a 200 with the file. */
function serverOf(
  { certificateFile, keyFile }: Workplace,
  { plain, secure }: Backend,
  home: string,
): string {
  return `server {
        listen 127.0.0.1:${plain};
        listen 127.0.0.1:${secure} ssl;
        ssl_certificate ${certificateFile};
        ssl_certificate_key ${keyFile};
        root ${home};
        error_page 405 =200 $uri;
    }`;
}
