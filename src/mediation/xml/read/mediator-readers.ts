/** The mediators that this engine knows, one line each; a new one is one pair of files and one line. */
import { aggregateReader } from "./aggregate.ts";
import { cacheReader } from "./cache.ts";
import { callTemplateReader } from "./call-template.ts";
import { cloneReader } from "./clone.ts";
import { conditionalRouterReader } from "./conditional-router.ts";
import { foreachReader } from "./foreach.ts";
import { iterateReader } from "./iterate.ts";
import { propertyGroupReader } from "./property-group.ts";
import { routerReader } from "./router.ts";
import { switchReader } from "./switch.ts";
import { throttleReader } from "./throttle.ts";
import { enrichReader } from "./enrich.ts";
import { jsonTransformReader } from "./json-transform.ts";
import { rewriteReader } from "./rewrite.ts";
import { validateReader } from "./validate.ts";
import { xqueryReader } from "./xquery.ts";
import { fastXsltReader, xsltReader } from "./xslt.ts";
import { calloutReader } from "./callout.ts";
import { callReader } from "./call.ts";
import { dbLookupReader, dbReportReader } from "./database.ts";
import { dropReader } from "./drop.ts";
import { filterReader } from "./filter.ts";
import { headerReader } from "./header.ts";
import { inReader, outReader } from "./in-out.ts";
import { logReader } from "./log.ts";
import { loopbackReader } from "./loopback.ts";
import { makefaultReader } from "./makefault.ts";
import { payloadFactoryReader } from "./payload-factory.ts";
import { propertyReader } from "./property.ts";
import type { MediatorReader } from "./read-context.ts";
import { REFUSED_READERS } from "./refused-mediators.ts";
import { respondReader } from "./respond.ts";
import { scriptReader } from "./script.ts";
import { sendReader } from "./send.ts";
import { sequenceReader } from "./sequence.ts";
import { storeReader } from "./store.ts";

export const MEDIATOR_READERS: readonly MediatorReader[] = [
  enrichReader,
  fastXsltReader,
  jsonTransformReader,
  rewriteReader,
  validateReader,
  xqueryReader,
  xsltReader,
  aggregateReader,
  cacheReader,
  callTemplateReader,
  cloneReader,
  conditionalRouterReader,
  foreachReader,
  iterateReader,
  propertyGroupReader,
  routerReader,
  switchReader,
  throttleReader,
  callReader,
  calloutReader,
  dbLookupReader,
  dbReportReader,
  dropReader,
  filterReader,
  headerReader,
  inReader,
  logReader,
  loopbackReader,
  makefaultReader,
  outReader,
  payloadFactoryReader,
  propertyReader,
  respondReader,
  scriptReader,
  sendReader,
  sequenceReader,
  storeReader,
  ...REFUSED_READERS,
];
