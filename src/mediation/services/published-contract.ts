/**
 * What a proxy service publishes (publishWSDL): a WSDL in place, from the deployment, from the registry or from a web server, with
 * the documents that it imports. Owns the reading of it: once, when it is first needed.
 */
import { messageOf } from "../../errors/app-error.ts";
import type { Environment } from "../message/environment.ts";
import { PerGeneration } from "../per-generation.ts";
import { RemoteText } from "./remote-text.ts";
import { type WsdlOperations, wsdlOperations } from "./wsdl-operations.ts";

export type WsdlSource =
  /** None is published: one is generated. */
  | { readonly kind: "none" }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "key"; readonly key: string }
  | { readonly kind: "remote"; readonly url: string };

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

/** What a generation has read of a contract. */
interface ReadContract {
  readonly remote: RemoteText | undefined;
  text: string | undefined;
  operations: WsdlOperations | undefined;
}

export class PublishedContract {
  readonly options: ContractOptions;
  readonly #read: PerGeneration<ReadContract>;

  constructor(options: ContractOptions) {
    this.options = options;
    const { source } = options;
    this.#read = new PerGeneration(() => ({
      remote: source.kind === "remote" ? new RemoteText(source.url) : undefined,
      text: undefined,
      operations: undefined,
    }));
  }

  /** Whether the configuration names a WSDL. */
  get isPublished(): boolean {
    return this.options.source.kind !== "none";
  }

  /** Whether it lies on a web server. */
  get isRemote(): boolean {
    return this.options.source.kind === "remote";
  }

  /** Fetches what lies on a web server, as a deployment in WSO2 does. Never rejects. */
  async prepare(environment: Environment): Promise<void> {
    await this.#read.of(environment.shared).remote?.load(environment);
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
    const read = this.#read.of(environment.shared);
    if (text !== read.text) {
      read.text = text;
      read.operations = readOperations(text, environment);
    }
    return read.operations;
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
        return this.#read.of(environment.shared).remote?.text;
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
