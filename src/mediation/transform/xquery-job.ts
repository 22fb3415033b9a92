/** What the two sides of the querying thread say to each other. */

/** A value that a thread can be sent: XML goes as text. */
export type XQueryValue =
  | { readonly kind: "document" | "element"; readonly text: string }
  | { readonly kind: "plain"; readonly value: string | number | boolean };

export interface XQueryJob {
  readonly query: string;
  /** The context: XML. */
  readonly payload: string;
  readonly variables: Readonly<Record<string, XQueryValue>>;
}

export type XQueryAnswer =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "error"; readonly message: string };
