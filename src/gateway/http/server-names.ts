/**
 * Chooses the server block by host name (ngx_http_server_name): exact names, then the longest
 * `*.example.com`, then the longest `www.example.*`, then regular expressions in order. Built once per
 * listening address; a lookup allocates nothing but the suffixes it tries.
 */
import type { ValueReader } from "../nginx/directive.ts";
import { DirectiveFault } from "../nginx/directive-fault.ts";

/** Longest host name that is looked up. */
const NAME_LENGTH_MAX = 255;

export type ServerName =
  | { readonly kind: "exact"; readonly text: string }
  /** `*.example.com`: `suffix` is ".example.com". */
  | { readonly kind: "leading"; readonly text: string; readonly suffix: string }
  /** `www.example.*`: `prefix` is "www.example.". */
  | { readonly kind: "trailing"; readonly text: string; readonly prefix: string }
  | { readonly kind: "regex"; readonly text: string; readonly regex: RegExp };

export interface ServerMatch<Server> {
  readonly server: Server;
  /** The groups of the regular expression that matched. */
  readonly captures: RegExpExecArray | undefined;
}

/** Reads the arguments of one `server_name`. @throws DirectiveFault. */
export const readServerNames: ValueReader<readonly ServerName[]> = (args, scope) =>
  args.flatMap((text): readonly ServerName[] => {
    if (text.startsWith("~")) {
      return [{ kind: "regex", text, regex: scope.regex(text.slice(1), true) }];
    }
    const name = text.toLowerCase();
    if (name.startsWith("*.")) return [{ kind: "leading", text: name, suffix: name.slice(1) }];
    if (name.startsWith(".")) {
      // ".example.com" is example.com and *.example.com.
      return [
        { kind: "exact", text: name.slice(1) },
        { kind: "leading", text: name, suffix: name },
      ];
    }
    if (name.endsWith(".*")) return [{ kind: "trailing", text: name, prefix: name.slice(0, -1) }];
    if (name.includes("*")) {
      throw new DirectiveFault(`server name "${text}" is invalid`);
    }
    return [{ kind: "exact", text: name }];
  });

export class ServerNameTable<Server> {
  readonly #byName = new Map<string, Server>();
  readonly #leading = new Map<string, Server>();
  readonly #trailing = new Map<string, Server>();
  readonly #regexes: { readonly regex: RegExp; readonly server: Server }[] = [];

  /** @returns false when the name is already taken on this address; the first server keeps it. */
  add(name: ServerName, server: Server): boolean {
    if (name.kind === "regex") {
      this.#regexes.push({ regex: name.regex, server });
      return true;
    }
    const [table, key] = this.#slotOf(name);
    if (table.has(key)) return false;
    table.set(key, server);
    return true;
  }

  /** Every server that has a name here, once. */
  get servers(): readonly Server[] {
    const named = [this.#byName, this.#leading, this.#trailing].flatMap((table) => [
      ...table.values(),
    ]);
    return [...new Set([...named, ...this.#regexes.map(({ server }) => server)])];
  }

  /** `host`: lower case, without port. Undefined: no name matches, the default server answers. */
  find(host: string): ServerMatch<Server> | undefined {
    if (host.length > NAME_LENGTH_MAX) return undefined;
    const server = this.#byName.get(host) ?? this.#findLeading(host) ?? this.#findTrailing(host);
    if (server !== undefined) return { server, captures: undefined };
    for (const { regex, server: candidate } of this.#regexes) {
      const captures = regex.exec(host);
      if (captures) return { server: candidate, captures };
    }
    return undefined;
  }

  #slotOf(name: Exclude<ServerName, { kind: "regex" }>): readonly [Map<string, Server>, string] {
    if (name.kind === "leading") return [this.#leading, name.suffix];
    return name.kind === "trailing" ? [this.#trailing, name.prefix] : [this.#byName, name.text];
  }

  #findLeading(host: string): Server | undefined {
    for (let at = host.indexOf(".", 1); at !== -1; at = host.indexOf(".", at + 1)) {
      const server = this.#leading.get(host.slice(at));
      if (server !== undefined) return server;
    }
    return undefined;
  }

  #findTrailing(host: string): Server | undefined {
    for (let at = host.lastIndexOf("."); at > 0; at = host.lastIndexOf(".", at - 1)) {
      const server = this.#trailing.get(host.slice(0, at + 1));
      if (server !== undefined) return server;
    }
    return undefined;
  }
}
