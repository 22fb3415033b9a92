/**
 * The measured services, in the order of the report: the artifacts that the worker runs, and what the hand-written
 * service does for the same (`kind`, see programs/fastify-service.ts). Each is measured with every message size.
 */

export type ServiceKind = "direct" | "body" | "header" | "xslt";

export interface EngineCase {
  readonly name: string;
  readonly title: string;
  readonly kind: ServiceKind;
  readonly path: string;
  /** TLS towards the client and towards the backend. */
  readonly tls: boolean;
  /** Requests per CPU-second that one core is to do at least with 500 bytes; undefined: nothing is promised. */
  readonly least: number | undefined;
  /** What stands in `<definitions>`; `backend` is the address of the case's answers. */
  readonly artifacts: (backend: string) => string;
}

/** WSO2 MI 4.2.0 on two vCPUs, from its published performance round; direct is to be three times that. */
const PUBLISHED = { direct: 8_904, body: 5_603, xslt: 2_573 } as const;

const proxyOf = (inSequence: string, backend: string): string =>
  `<proxy name="P" transports="http https"><target><inSequence>${inSequence}</inSequence><outSequence><send/></outSequence></target></proxy><endpoint name="B"><address uri="${backend}"/></endpoint>`;
const SEND = '<send><endpoint key="B"/></send>';

const STYLESHEET = `<localEntry key="sheet"><xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/order"><purchase symbol="{symbol}"><xsl:for-each select="item"><line id="{id}"><xsl:value-of select="count"/></line></xsl:for-each></purchase></xsl:template></xsl:stylesheet></localEntry>`;

const direct = (backend: string): string =>
  `<proxy name="P" transports="http https"><target><endpoint><address uri="${backend}"/></endpoint><outSequence><send/></outSequence></target></proxy>`;

export const CASES: readonly EngineCase[] = [
  {
    name: "direct-proxy",
    title: "Direct proxy",
    kind: "direct",
    path: "/services/P",
    tls: false,
    least: PUBLISHED.direct * 3,
    artifacts: direct,
  },
  {
    name: "direct-api",
    title: "Direct API",
    kind: "direct",
    path: "/orders",
    tls: false,
    least: PUBLISHED.direct * 3,
    artifacts: (backend) =>
      `<api name="A" context="/orders"><resource methods="POST"><inSequence><send><endpoint><http method="post" uri-template="${backend}"/></endpoint></send></inSequence><outSequence><send/></outSequence></resource></api>`,
  },
  {
    name: "cbr-body",
    title: "Content-based routing, XPath on the body",
    kind: "body",
    path: "/services/P",
    tls: false,
    least: PUBLISHED.body,
    artifacts: (backend) =>
      proxyOf(
        `<filter source="//order/symbol" regex="IBM"><then>${SEND}</then><else><drop/></else></filter>`,
        backend,
      ),
  },
  {
    name: "cbr-header",
    title: "Routing by a header",
    kind: "header",
    path: "/services/P",
    tls: false,
    least: undefined,
    artifacts: (backend) =>
      proxyOf(
        `<filter source="get-property('transport', 'X-Route')" regex="gold"><then>${SEND}</then><else><drop/></else></filter>`,
        backend,
      ),
  },
  {
    name: "xslt",
    title: "XSLT",
    kind: "xslt",
    path: "/services/P",
    tls: false,
    least: PUBLISHED.xslt,
    artifacts: (backend) => `${STYLESHEET}${proxyOf(`<xslt key="sheet"/>${SEND}`, backend)}`,
  },
  {
    name: "secure-proxy",
    title: "Secure proxy, TLS in and out",
    kind: "direct",
    path: "/services/P",
    tls: true,
    least: undefined,
    artifacts: direct,
  },
];
