/**
 * The address of a git repository as GitBaseUrl gives it: a URL, scp's short form or a path. Transports that
 * run commands (`ext::`) and words that git would take as options are refused. Called by
 * `deployment-synchronizer.ts`.
 */
import { isAbsolute, resolve } from "node:path";

const SCHEMES: readonly string[] = ["https:", "http:", "ssh:", "git:", "file:"];
/** user@host:path. */
const SCP_FORM = /^\w[\w.-]*@[A-Za-z0-9][\w.-]*:[^\s:-]\S*$/;
/** No colon before the first slash, or it would be a scheme or a host. */
const PATH = /^[^-:/][^:/]*(\/.*)?$|^\//;

/**
 * @param home where relative paths start.
 * @returns the address for git, or the complaint for the user, which repeats no secret.
 */
export function parseRepositoryAddress(
  text: string,
  home: string,
): { readonly url: string } | { readonly complaint: string } {
  if (SCP_FORM.test(text)) return { url: text };
  if (PATH.test(text)) return { url: isAbsolute(text) ? text : resolve(home, text) };
  const url = /^[a-z]+:\/\/[^\s-]\S*$/i.test(text) ? URL.parse(text) : null;
  if (!url || !SCHEMES.includes(url.protocol))
    return {
      complaint:
        "is not the address of a git repository: expected https://, http://, ssh://, git://, file://, user@host:path or a path",
    };
  if (url.password === "") return { url: text };
  return {
    complaint: "must not hold a password: write it into <GitPassword>, as env:NAME or file:PATH",
  };
}

/** WSO2's id of the super tenant: the only tenant there is here. */
const SUPER_TENANT = "-1234";

/** The address with the tenant's id as its last folder, as SvnUrlAppendTenantId makes it. */
export function withTenantId(address: string): string {
  return `${address.replace(/\/+$/, "")}/${SUPER_TENANT}`;
}
