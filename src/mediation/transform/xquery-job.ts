/** What the two sides of the querying process say to each other. */

/** A value that a process can be sent: XML goes as text. */
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

/** Characters of a job, what its names and its form take not counted. */
export function lengthOf({ query, payload, variables }: XQueryJob): number {
  const values = Object.values(variables).map((value) =>
    value.kind === "plain" ? String(value.value).length : value.text.length,
  );
  return values.reduce((sum, length) => sum + length, query.length + payload.length);
}
