/** The mediators that this engine knows, one line each; a new one is one pair of files and one line. */
import { callReader } from "./call.ts";
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
import { respondReader } from "./respond.ts";
import { sendReader } from "./send.ts";
import { sequenceReader } from "./sequence.ts";

export const MEDIATOR_READERS: readonly MediatorReader[] = [
  callReader,
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
  sendReader,
  sequenceReader,
];
