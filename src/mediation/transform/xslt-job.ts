/** What the two sides of the transforming thread say to each other. */

/** Where stylesheets live for relative addresses; nothing of it is ever asked from a network. */
export const BASE_URL = "http://registry.invalid/";

export interface XsltJob {
  readonly id: number;
  /** The same for the same stylesheet with the same resources. */
  readonly stylesheetId: string;
  readonly stylesheet: string;
  /** What xsl:import, xsl:include and document() may read: address under BASE_URL → text. */
  readonly resources: Readonly<Record<string, string>>;
  readonly source: string;
  /** Name and value in turn; values are XPath expressions. */
  readonly parameters: readonly string[];
}

export interface XsltAnswer {
  readonly id: number;
  /** Undefined when it failed. */
  readonly text?: string;
  readonly error?: string;
  /** What libxslt reported, xsl:message included. */
  readonly messages: string;
  readonly heapBytes: number;
  /** Whether the thread is of no more use. */
  readonly broken: boolean;
}
