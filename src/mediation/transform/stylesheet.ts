/**
 * A stylesheet with everything that it imports, includes or reads by document(): found through the `resource`
 * elements of the mediator, else beside the stylesheet that asks (Synapse's CustomJAXPURIResolver). Says
 * also what XSLT 1.0 cannot run.
 */
import { createHash } from "node:crypto";
import { MediationFault } from "../mediation-fault.ts";
import type { Environment } from "../message/environment.ts";
import { BASE_URL } from "./xslt-job.ts";

/** Most stylesheets that one includes, and most that include each other in a row. */
const RESOURCES_MAX = 200;

export interface Stylesheet {
  readonly id: string;
  readonly text: string;
  readonly resources: Readonly<Record<string, string>>;
  /** The first instruction of XSLT 2.0 or later that it uses. */
  readonly newer: string | undefined;
  /** Whether its result is certain to be written as XML in UTF-8 without a document type. */
  readonly writesXml: boolean;
}

/**
 * Reads a stylesheet.
 * @param locations location → key, as the mediator's `resource` elements say.
 * @throws MediationFault when there is no such resource.
 */
export function readStylesheet(
  key: string,
  locations: ReadonlyMap<string, string>,
  environment: Environment,
): Stylesheet {
  const entry = environment.resource(key);
  if (!entry) throw new MediationFault(`Stylesheet ${key} cannot be found`);
  const resources: Record<string, string> = {};
  const open = [{ text: entry.text, url: BASE_URL, key }];
  for (let at = open.pop(); at; at = open.pop()) {
    for (const href of referencesOf(at.text)) {
      const url = URL.canParse(href, at.url) ? new URL(href, at.url).href : "";
      if (url === "" || Object.hasOwn(resources, url)) continue;
      const found = resourceAt(href, url, at.key, locations, environment);
      if (!found) continue;
      resources[url] = found.text;
      if (Object.keys(resources).length > RESOURCES_MAX)
        throw new MediationFault(`Stylesheet ${key} includes more than ${RESOURCES_MAX} resources`);
      open.push({ ...found, url });
    }
  }
  const texts = [entry.text, ...Object.values(resources)];
  const hash = createHash("sha256").update(JSON.stringify([entry.text, resources]));
  const newer = texts.map(newerInstruction).find((name) => name !== undefined);
  const writesXml = newer === undefined && texts.every(isPlainOutput);
  return { id: hash.digest("base64"), text: entry.text, resources, newer, writesXml };
}

/** Whatever could change how a result is written, but for what changes nothing. */
function isPlainOutput(text: string): boolean {
  const rest = text.replaceAll(/\b(?:method=(["'])xml\1|encoding=(["'])utf-8\2)/gi, "");
  return !/\b(?:method|encoding|doctype-\w+)\s*=|disable-output-escaping|exsl|<!/i.test(
    rest.replaceAll("<!--", ""),
  );
}

const REFERENCE =
  /<[\w.-]+:(?:import|include)\b[^>]*?\shref\s*=\s*(?:"([^"]+)"|'([^']+)')|\bdocument\(\s*(?:'([^']+)'|&quot;([^&]+)&quot;|"([^"]+)")/g;

function referencesOf(text: string): readonly string[] {
  return [...text.matchAll(REFERENCE)].map(
    ([, one, two, three, four, five]) => one ?? two ?? three ?? four ?? five ?? "",
  );
}

// eslint-disable-next-line max-params
function resourceAt(
  href: string,
  url: string,
  parentKey: string,
  locations: ReadonlyMap<string, string>,
  environment: Environment,
): { readonly text: string; readonly key: string } | undefined {
  const beside = parentKey.includes("/") ? parentKey.replace(/[^/]*$/, href) : href;
  const keys = [locations.get(href), locations.get(url.slice(BASE_URL.length)), href, beside];
  for (const key of keys) {
    const entry = key === undefined ? undefined : environment.resource(key);
    if (key !== undefined && entry) return { text: entry.text, key };
  }
  return undefined;
}

const NEWER =
  /<(?:[\w.-]+:)(for-each-group|function|analyze-string|sequence|result-document|next-match|character-map|perform-sort|import-schema|namespace|iterate|merge|mode|package|try|evaluate|source-document)[\s/>]/;

/** The name of an instruction that only XSLT 2.0 and later have; undefined when XSLT 1.0 can run the stylesheet. */
export function newerInstruction(text: string): string | undefined {
  const root = /<([\w.-]+):(?:stylesheet|transform)\b/.exec(text)?.[1];
  if (root === undefined) return undefined;
  for (const match of text.matchAll(new RegExp(NEWER, "g")))
    if (match[0].startsWith(`<${root}:`)) return `${root}:${match[1] ?? ""}`;
  return undefined;
}
