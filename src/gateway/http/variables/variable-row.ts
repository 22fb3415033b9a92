/** What a built-in variable is: a name and how its value is read from a request. */
import type { RequestContext } from "../request-context.ts";
import type { VariableReader } from "../../nginx/template.ts";

/** Variables by name, in lower case, without "$". */
export type VariableRows = Readonly<Record<string, VariableReader>>;

/** Variables whose name carries an argument (`http_`, `cookie_`, ...): the reader gets the rest of the name. */
export type PrefixRows = Readonly<
  Record<string, (context: RequestContext, rest: string) => string>
>;
