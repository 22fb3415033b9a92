/**
 * Reads `cache` in the form of EI 6.1.1 and in the newer one (CacheMediatorFactory):
 *
 *   <cache [id="id"] [scope="per-host|per-mediator"] [hashGenerator="class"] [timeout="s"] [maxMessageSize="bytes"]>
 *     <onCacheHit [sequence="key"]>mediator*</onCacheHit>?
 *     <implementation [type="memory"] [maxSize="int"]/>?
 *   </cache>
 *   <cache [timeout] [maxMessageSize]> <onCacheHit/>? <protocol type="HTTP"> <methods/> <headersToExcludeInHash/>
 *     <responseCodes/> <enableCacheControl/> <includeAgeHeader/> <hashGenerator/> </protocol> <implementation/>? </cache>
 *   <cache collector="true" .../>
 */
import { attributeOf, childNamed, textOf } from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import type { CacheKeyKind } from "../../mediators/cache-key.ts";
import {
  CacheCollectorMediator,
  CacheFinderMediator,
  type CacheFinderOptions,
} from "../../mediators/cache.ts";
import { readBranch } from "./branch.ts";
import type { MediatorReader, ReadContext } from "./read-context.ts";
import { isTrue } from "./split-options.ts";

/** Seconds that a response is kept when nothing is said. */
const TIMEOUT_DEFAULT_S = 5_000;
/** Responses that are kept when nothing is said. */
const ENTRIES_DEFAULT = 1_000;
/** Largest response of the newer form when nothing is said, in bytes. */
const MESSAGE_BYTES_DEFAULT = 2_000;

export const cacheReader: MediatorReader = {
  name: "cache",
  read(element, context) {
    if (isTrue(element, "collector")) return new CacheCollectorMediator();
    const before = context.problems.errors.length;
    const options = readFinder(element, context);
    return context.problems.errors.length === before ? new CacheFinderMediator(options) : undefined;
  },
};

function readFinder(element: XmlElement, context: ReadContext): CacheFinderOptions {
  const protocol = childNamed(element, "protocol");
  const implementation = childNamed(element, "implementation");
  const type = implementation && attributeOf(implementation, "type");
  if (implementation && type !== undefined && type.trim() !== "memory")
    context.error(implementation, `Unsupported implementation type for cache : ${type}`);
  const hit = childNamed(element, "onCacheHit");
  return {
    sharedId: readSharedId(element, context),
    entriesMax:
      (implementation && readNumber(implementation, "maxSize", context)) ?? ENTRIES_DEFAULT,
    keyKind: protocol
      ? keyKindOf(childText(protocol, "hashGenerator"), "http")
      : keyKindOf(attributeOf(element, "hashGenerator"), "body"),
    methods: protocol && methodsOf(childText(protocol, "methods")),
    excludedHeaders: new Set(
      words(protocol && childText(protocol, "headersToExcludeInHash")).map((word) =>
        word.toLowerCase(),
      ),
    ),
    includesAge: childText(protocol, "includeAgeHeader").toLowerCase() === "true",
    rules: {
      timeoutMs: timeoutOf(readNumber(element, "timeout", context)),
      messageBytesMax: readSizeLimit(element, protocol !== undefined, context),
      statusPattern: protocol && readStatuses(protocol, context),
      obeysCacheControl: childText(protocol, "enableCacheControl").toLowerCase() === "true",
    },
    onCacheHit: hit && readBranch(hit, context),
  };
}

function readSharedId(element: XmlElement, context: ReadContext): string | undefined {
  const scope = attributeOf(element, "scope")?.trim() ?? "per-host";
  if (scope !== "per-host" && scope !== "per-mediator")
    return context.error(
      element,
      `Unknown scope ${scope} for the cache mediator: per-host and per-mediator are known`,
    );
  return scope === "per-host" ? attributeOf(element, "id") : undefined;
}

/** 0 keeps for ever. */
function timeoutOf(seconds: number | undefined): number | undefined {
  if (seconds === 0) return undefined;
  return (seconds ?? TIMEOUT_DEFAULT_S) * 1_000;
}

function readSizeLimit(
  element: XmlElement,
  isNewer: boolean,
  context: ReadContext,
): number | undefined {
  const limit = readNumber(element, "maxMessageSize", context);
  if (limit !== undefined) return limit === 0 ? undefined : limit;
  return isNewer ? MESSAGE_BYTES_DEFAULT : undefined;
}

/** Undefined when it is absent, negative ("not set") or faulty (a problem was reported). */
function readNumber(
  element: XmlElement,
  attribute: string,
  context: ReadContext,
): number | undefined {
  const text = attributeOf(element, attribute)?.trim();
  if (text === undefined || text === "" || /^-\d+$/.test(text)) return undefined;
  if (/^\d{1,12}$/.test(text)) return Number(text);
  return context.error(element, `The ${attribute} of a cache has to be a whole number`);
}

/** By the name of the generator's class. */
function keyKindOf(name: string | undefined, otherwise: CacheKeyKind): CacheKeyKind {
  const last = name?.trim().split(".").at(-1)?.toLowerCase() ?? "";
  if (last === "domhashgenerator") return "body";
  if (last === "requesthashgenerator") return "address-and-body";
  return last === "httprequesthashgenerator" ? "http" : otherwise;
}

function methodsOf(text: string): ReadonlySet<string> | undefined {
  const methods = words(text).map((word) => word.toUpperCase());
  return methods.length === 0 || methods.includes("*") ? undefined : new Set(methods);
}

function readStatuses(protocol: XmlElement, context: ReadContext): RegExp | undefined {
  const element = childNamed(protocol, "responseCodes");
  const text = childText(protocol, "responseCodes");
  return element && text !== "" ? context.wholePattern(element, text) : undefined;
}

function childText(element: XmlElement | undefined, name: string): string {
  const child = element && childNamed(element, name);
  return child ? textOf(child) : "";
}

function words(text: string | undefined): readonly string[] {
  return (text ?? "").split(/[\s,]+/).filter((word) => word !== "");
}
