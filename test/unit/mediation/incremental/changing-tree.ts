/** A deployment that changes at random: files that depend on each other in every way in which artifacts can, good and faulty. */
import { SYNAPSE } from "../mediation-world.ts";

/** Numbers in [0, 1) that follow from a seed (mulberry32). */
export function seededChance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const BASE = "synapse-configs/default/";
const XSL = "http://www.w3.org/1999/XSL/Transform";
const wsdl = (operation: string): string =>
  `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/"><portType name="T"><operation name="${operation}"/></portType></definitions>`;
const stylesheet = (version: string, inner: string): string =>
  `<xsl:stylesheet version="${version}" xmlns:xsl="${XSL}"><xsl:template match="/">${inner}</xsl:template></xsl:stylesheet>`;

/** An artifact in its namespace. */
const artifact = (kind: string, attributes: string, inner: string): string =>
  `<${kind} xmlns="${SYNAPSE}" ${attributes}>${inner}</${kind}>`;
const says = (word: string): string =>
  `<payloadFactory media-type="xml"><format><said xmlns="">${word}</said></format><args/></payloadFactory><respond/>`;
const proxy = (name: string, inner: string, more = ""): string =>
  artifact("proxy", `name="${name}"`, `<target><inSequence>${inner}</inSequence></target>${more}`);
const api = (name: string, context: string): string =>
  artifact(
    "api",
    `name="${name}" context="${context}"`,
    `<resource methods="POST"><inSequence>${says(name)}</inSequence></resource>`,
  );

/** What each path may hold, the harmless first; "": there is no such file. */
const CHOICES: Readonly<Record<string, readonly string[]>> = {
  [`${BASE}proxy-services/a.xml`]: [
    proxy("A", says("one")),
    proxy("A", says("two")),
    proxy("B", says("three")),
    proxy("A", "<bogus/><alsobogus/>"),
    "<proxy",
  ],
  [`${BASE}proxy-services/b.xml`]: [
    proxy("B", `<sequence key="s"/>`),
    proxy("B", `<sequence key="local"/>`),
    proxy("B", `<call-template target="t"/>`),
    proxy(
      "B",
      `<send><endpoint template="et"><parameter name="host" value="h"/></endpoint></send>`,
    ),
    proxy("B", `<script language="js" key="conf:script.js" function="f"/>${says("ran")}`),
  ],
  [`${BASE}proxy-services/w.xml`]: [
    proxy("W", says("w"), '<publishWSDL uri="file:wsdl/w.wsdl"/>'),
    proxy(
      "W",
      says("w"),
      '<publishWSDL uri="file:wsdl/w.wsdl"/><parameter name="enablePublishWSDLSafeMode">true</parameter>',
    ),
  ],
  "wsdl/w.wsdl": [wsdl("getQuote"), wsdl("other"), "no xml"],
  [`${BASE}sequences/s.xml`]: [
    artifact("sequence", 'name="s"', says("s1")),
    artifact("sequence", 'name="s"', says("s2")),
    artifact("sequence", 'name="main"', says("main")),
  ],
  [`${BASE}sequences/t.xml`]: [
    artifact("sequence", 'name="t"', says("t")),
    artifact("sequence", 'name="s"', says("twin")),
  ],
  [`${BASE}templates/t.xml`]: [
    artifact("template", 'name="t"', `<sequence>${says("t1")}</sequence>`),
    artifact("template", 'name="t"', `<sequence>${says("t2")}</sequence>`),
  ],
  [`${BASE}templates/et.xml`]: [
    artifact("template", 'name="et"', '<endpoint><address uri="$uri"/></endpoint>'),
    artifact(
      "template",
      'name="et"',
      '<parameter name="host"/><endpoint><http uri-template="http://{uri.var.host}/1"/></endpoint>',
    ),
    artifact("template", 'name="et"', '<endpoint><address uri="http://two/2"/></endpoint>'),
  ],
  [`${BASE}local-entries/local.xml`]: [
    artifact("localEntry", 'key="local"', `<sequence>${says("entry")}</sequence>`),
    artifact("localEntry", 'key="local" src="file:content/local.xml"', ""),
    artifact("localEntry", 'key="main"', `<sequence>${says("main of an entry")}</sequence>`),
    artifact("localEntry", 'key="local"', "text"),
  ],
  "content/local.xml": [
    artifact("sequence", 'name="any"', says("file")),
    artifact("sequence", 'name="any"', says("file, changed")),
    "<sequence",
  ],
  [`${BASE}api/one.xml`]: [api("One", "/one"), api("One", "/two"), api("One", "/one/deeper")],
  [`${BASE}api/two.xml`]: [api("Two", "/two"), api("One", "/three")],
  "registry/config/script.js": [
    "function f(mc) {}",
    "function f(mc) { var",
    "function f(mc) { 1; }",
  ],
  "registry/governance/style.xslt": [
    stylesheet("1.0", "<a/>"),
    stylesheet("2.0", '<xsl:for-each-group select="*" group-by="a"/>'),
    "<xsl",
  ],
  [`${BASE}synapse.xml`]: [
    `<definitions xmlns="${SYNAPSE}"><sequence name="d"><drop/></sequence><endpoint name="e"><default/></endpoint></definitions>`,
    `<definitions xmlns="${SYNAPSE}"><sequence name="d"><drop/></sequence><sequence name="s">${says("d")}</sequence></definitions>`,
  ],
  [`${BASE}event-sources/x.xml`]: ["", "<eventSource/>"],
  "README.md": ["not the engine's", "<nor this"],
};

const PATHS = Object.keys(CHOICES);

export class ChangingTree {
  readonly #texts = new Map<string, string>();
  readonly #chance: () => number;

  constructor(chance: () => number) {
    this.#chance = chance;
    for (const path of PATHS) this.#put(path, 0);
  }

  get texts(): ReadonlyMap<string, string> {
    return this.#texts;
  }

  /** Changes one file to three. Now and then what is faulty goes, so that good trees come up as well. */
  change(): void {
    for (let count = 1 + Math.floor(this.#chance() * 3); count > 0; count -= 1) this.#changeOne();
  }

  #changeOne(): void {
    const path = PATHS[Math.floor(this.#chance() * PATHS.length)] ?? "";
    const kind = this.#chance();
    const count = CHOICES[path]?.length ?? 0;
    if (kind < 0.1) this.#texts.delete(path);
    else this.#put(path, kind < 0.6 ? 0 : Math.floor(this.#chance() * count));
  }

  #put(path: string, choice: number): void {
    const text = CHOICES[path]?.[choice] ?? "";
    if (text === "") this.#texts.delete(path);
    else this.#texts.set(path, text);
  }
}
