/** An absolute http or https URL in the parts that a request needs. Used by http-client.ts, which remembers them. */

export interface UrlParts {
  /** "https://host:port"; the port is left out where it is the scheme's own. */
  readonly origin: string;
  /** Path and query; "/" at least. */
  readonly path: string;
  /** "host:port", the port always there. */
  readonly authority: string;
  /** "Basic ..", where the URL names a user. */
  readonly authorization: string | undefined;
}

/** @throws TypeError when the text is no http or https URL. */
export function splitUrl(text: string): UrlParts {
  const url = new URL(text);
  const { protocol, hostname, username, password } = url;
  if (protocol !== "http:" && protocol !== "https:") {
    throw new TypeError(`${protocol} is neither http: nor https:`);
  }
  const port = url.port || (protocol === "https:" ? "443" : "80");
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return {
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    authority: `${hostname}:${port}`,
    authorization:
      username === "" ? undefined : `Basic ${Buffer.from(user, "utf8").toString("base64")}`,
  };
}
