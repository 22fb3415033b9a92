/**
 * What a proxy service publishes (publishWSDL): a WSDL in place, from the deployment, from the registry or from a web server, with
 * the documents that it imports. Owns the reading of it: once, when it is first needed.
 */
import { messageOf } from "../../errors/app-error.ts";
import type { Environment } from "../message/environment.ts";
import type { RemoteText } from "./remote-text.ts";
import { type WsdlOperations, wsdlOperations } from "./wsdl-operations.ts";

export type WsdlSource =
  /** None is published: one is generated. */
  | { readonly kind: "none" }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "key"; readonly key: string }
  | { readonly kind: "remote"; readonly remote: RemoteText };

export interface ContractOptions {
  readonly source: WsdlSource;
  /** Imported documents: the location that the WSDL names, and the key of the entry that holds it. */
  readonly resources: ReadonlyMap<string, string>;
  /** useOriginalwsdl, or modifyUserWSDLPortAddress=false: addresses stay as they are. */
  readonly keepsAddresses: boolean;
  /** showAbsoluteSchemaURL: imports name whole addresses. */
  readonly absoluteImports: boolean;
  /** disableOperationValidation is not set. */
  readonly checksOperations: boolean;
}

export class PublishedContract {
  readonly options: ContractOptions;
  #text: string | undefined;
  #operations: WsdlOperations | undefined;

  constructor(options: ContractOptions) {
    this.options = options;
  }

  /** Whether the configuration names a WSDL. */
  get isPublished(): boolean {
    return this.options.source.kind !== "none";
  }

  /** Fetches what lies on a web server, as a deployment in WSO2 does. Never rejects. */
  async prepare(environment: Environment): Promise<void> {
    if (this.options.source.kind === "remote") await this.options.source.remote.load(environment);
  }

  /** The published text; undefined when there is none or it cannot be read. */
  async text(environment: Environment): Promise<string | undefined> {
    await this.prepare(environment);
    return this.#textNow(environment);
  }

  /** The operations that messages must be for; undefined: any. What cannot be read yet checks nothing. */
  operations(environment: Environment): WsdlOperations | undefined {
    if (!this.options.checksOperations || !this.isPublished) return undefined;
    const text = this.#textNow(environment);
    if (text === undefined) return undefined;
    if (text !== this.#text) {
      this.#text = text;
      this.#operations = readOperations(text, environment);
    }
    return this.#operations;
  }

  /** An imported document by the location under which the WSDL names it. */
  resource(location: string, environment: Environment): string | undefined {
    const key = this.options.resources.get(location);
    return key === undefined ? undefined : environment.resource(key)?.text;
  }

  #textNow(environment: Environment): string | undefined {
    const { source } = this.options;
    switch (source.kind) {
      case "text":
        return source.text;
      case "key":
        return environment.resource(source.key)?.text;
      case "remote":
        return source.remote.text;
      case "none":
      default:
        return undefined;
    }
  }
}

function readOperations(text: string, environment: Environment): WsdlOperations | undefined {
  try {
    return wsdlOperations(text);
  } catch (error) {
    environment.log.warn(`Operations are not checked, the WSDL is faulty: ${messageOf(error)}`);
    return undefined;
  }
}
