/**
 * Files of the server's own samples that configurations of the cases name with `file:` (stylesheets, a script, a contract), as
 * far as a case cannot do without. They were written for the runner; a case's deployment gets those it names, at the path
 * that it names.
 */
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { stockQuoteWsdl } from "./stock-quote-wsdl.ts";

const FOLDER = join(import.meta.dirname, "server-files");

export interface ServerFile {
  /** Relative to the server's home. */
  readonly path: string;
  readonly content: string;
}

/** The files that a text names and that there are. */
export function serverFilesOf(text: string): readonly ServerFile[] {
  const paths = new Set([...text.matchAll(/"file:([\w./-]+)"/g)].map(([, path = ""]) => path));
  return [...paths].flatMap((path) => {
    const content = contentOf(basename(path));
    return content === undefined ? [] : [{ path, content }];
  });
}

function contentOf(name: string): string | undefined {
  if (/^sample_proxy_\d\.wsdl$/.test(name))
    return stockQuoteWsdl("http://localhost:9000/services/SimpleStockQuoteService");
  // A script with E4X is no JavaScript for the tools that look at the tree: it bears another name here.
  const file = [name, `${name}.e4x`].map((one) => join(FOLDER, one)).find(existsSync);
  return file === undefined ? undefined : readFileSync(file, "utf8");
}
