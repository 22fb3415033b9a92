/** What the two sides of a transforming thread say to each other. */

/** Where stylesheets live for relative addresses; nothing of it is ever asked from a network. */
export const BASE_URL = "http://registry.invalid/";

/** A stylesheet with what it reads. A thread keeps those that it was sent. */
export interface StylesheetSource {
  readonly text: string;
  /** What xsl:import, xsl:include and document() may read: address under BASE_URL → text. */
  readonly resources: Readonly<Record<string, string>>;
}

export interface XsltJob {
  readonly id: number;
  /** The same for the same stylesheet with the same resources. */
  readonly stylesheetId: string;
  /** Undefined: the thread was sent it before. */
  readonly stylesheet: StylesheetSource | undefined;
  /** XML in UTF-8. */
  readonly source: Uint8Array;
  /** Name and value in turn; values are XPath expressions. */
  readonly parameters: readonly string[];
}

export interface XsltOrder {
  readonly jobs: readonly XsltJob[];
  /** Whether the stylesheets that the thread was sent before go first. */
  readonly forget: boolean;
}

export interface XsltAnswer {
  readonly id: number;
  /** The result as xsl:output wants it; undefined when it failed. */
  readonly bytes?: Uint8Array;
  /** Whether the result's tree has one element at its top and no text beside it. */
  readonly isElement?: boolean;
  readonly error?: string;
  /** Whether what failed was the reading of the source. */
  readonly isSourceFaulty?: boolean;
  /** What libxslt reported, xsl:message included. */
  readonly messages: string;
  readonly heapBytes: number;
  /** Whether the thread is of no more use. */
  readonly broken: boolean;
}
