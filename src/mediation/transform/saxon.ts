/**
 * XSLT 2.0 and 3.0 through saxon-js, which is free to use but not open source: the package is not among ours, and is used
 * where the operator has installed it beside Bascule (`npm install saxon-js`). Without it such stylesheets are
 * refused with a sentence that says so.
 */
import { createRequire } from "node:module";
import { messageOf } from "../../errors/app-error.ts";
import { MediationFault } from "../mediation-fault.ts";

interface Saxon {
  readonly XPath: {
    evaluate(expression: string, context: null, options: { readonly params: object }): unknown;
  };
}

const PACKAGE = "saxon-js";

/** Whether saxon-js is installed. */
export function hasSaxon(): boolean {
  try {
    createRequire(import.meta.url).resolve(PACKAGE);
    return true;
  } catch {
    return false;
  }
}

/** What to say about a stylesheet that XSLT 1.0 cannot run. */
export function saxonMissing(key: string, instruction: string): string {
  return `Stylesheet ${key} uses ${instruction}, which XSLT 1.0 does not have. Install the package saxon-js beside Bascule to run XSLT 2.0 and 3.0, or write the stylesheet in XSLT 1.0`;
}

const TRANSFORM =
  "transform(map{'stylesheet-text': $stylesheet, 'source-node': parse-xml($source), 'stylesheet-params': $params, 'delivery-format': 'serialized'})?output";

/**
 * Transforms one document.
 * @param parameters name → text.
 * @throws MediationFault when saxon-js is missing or the transformation fails.
 */
export function transformWithSaxon(
  stylesheet: string,
  source: string,
  parameters: ReadonlyMap<string, string>,
): string {
  try {
    const saxon = createRequire(import.meta.url)(PACKAGE) as Saxon;
    const names = [...parameters.keys()];
    const entries = names.map(
      (name, index) => `QName('','${name.replaceAll("'", "''")}'): $p${index}`,
    );
    const params = Object.fromEntries(
      names.map((name, index) => [`p${index}`, parameters.get(name)]),
    );
    return String(
      saxon.XPath.evaluate(TRANSFORM.replace("$params", `map{${entries.join(",")}}`), null, {
        params: { ...params, stylesheet, source },
      }),
    );
  } catch (error) {
    throw new MediationFault(`Unable to perform XSLT transformation: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
