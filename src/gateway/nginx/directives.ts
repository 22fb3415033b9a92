/**
 * Every directive that the gateway knows, module by module. A new directive is a row in its module;
 * a new module is one file and one line here.
 */
import { clusterBlock, clusterSettings } from "../cluster-directives.ts";
import { denyRow } from "../http/modules/access.ts";
import { logFormat } from "../http/modules/access-log.ts";
import { aliasRow, coreAccepted, coreBlocks, serverSettings } from "../http/modules/core.ts";
import { eventsBlock, httpBlock, mainAccepted, mainSettings } from "../http/modules/main-level.ts";
import { limitConnZone } from "../http/modules/limit-conn.ts";
import { limitReqZone } from "../http/modules/limit-req.ts";
import { mapBlock } from "../http/modules/map.ts";
import { HTTP_MODULES } from "../http/modules/modules.ts";
import { clientBodyAccepted } from "../http/modules/client-body.ts";
import { proxyAccepted } from "../http/modules/proxy.ts";
import { rewriteRows } from "../http/modules/rewrite.ts";
import { sslSettings } from "../http/modules/ssl.ts";
import { balancingSettings } from "../upstream/balancing-directives.ts";
import { upstreamBlock, upstreamSettings } from "../upstream/upstream-directives.ts";
import type { Directive } from "./directive.ts";

export const DIRECTIVES: readonly Directive[] = [
  ...Object.values(mainSettings),
  ...mainAccepted,
  eventsBlock,
  httpBlock,
  ...coreBlocks,
  ...Object.values(serverSettings),
  ...Object.values(HTTP_MODULES).flatMap((rows): readonly Directive[] => Object.values(rows)),
  ...coreAccepted,
  ...rewriteRows,
  aliasRow,
  denyRow,
  limitReqZone,
  limitConnZone,
  ...clientBodyAccepted,
  ...proxyAccepted,
  logFormat,
  mapBlock,
  ...Object.values(sslSettings),
  upstreamBlock,
  ...Object.values(upstreamSettings),
  ...Object.values(balancingSettings),
  clusterBlock,
  ...Object.values(clusterSettings),
];
