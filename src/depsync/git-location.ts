/**
 * Where a deployment repository is: a path, or an https, ssh or (on this machine only) http URL. Checked so
 * that it can never be taken for an option or for a transport that runs commands; a user and password
 * travel apart from the URL, in an HTTP header that git gets through its environment.
 */
import { hasControlCharacter } from "../runtime/control-characters.ts";
import { isAbsolute } from "node:path";
import { AppError } from "../errors/app-error.ts";
import type { ConfigPair } from "./git-process.ts";

export interface GitCredentials {
  readonly user: string | undefined;
  /** Never logged. */
  readonly password: string | undefined;
}

/** A checked location. */
export interface GitLocation {
  /** What git is given; without user and password. Safe to show. */
  readonly url: string;
  /** git's name of the transport. */
  readonly protocol: "file" | "https" | "http" | "ssh";
  /** For git's environment; holds the password. */
  readonly config: readonly ConfigPair[];
  /** Must not appear in messages. */
  readonly secrets: readonly string[];
}

/** How a location is reached, where it takes more than its URL and a password. */
export interface RepositoryAccess {
  /** In the place of the location's URL; https. */
  readonly url: string;
  /** For git's environment; may hold secrets. */
  readonly config: readonly ConfigPair[];
  /** Must not appear in messages. */
  readonly secrets: readonly string[];
}

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);
/** git's short form of ssh: user@host:path. */
const SHORT_SSH = /^[A-Za-z0-9._-]+@[A-Za-z0-9.-]+:[A-Za-z0-9._~/][^\s]*$/;

/**
 * Checks a path or URL. User and password in the URL are taken out of it; explicit ones win.
 * @throws AppError DEPLOYMENT_REPOSITORY when it is of no allowed form.
 */
export function parseGitLocation(text: string, credentials?: GitCredentials): GitLocation {
  if (hasControlCharacter(text)) throw refused(text, "it has control characters");
  if (isAbsolute(text)) return plain(text, "file");
  if (SHORT_SSH.test(text)) return plain(text, "ssh");
  const url = URL.parse(text);
  if (!url || text.startsWith("-")) throw refused(text, "it is neither an absolute path nor a URL");
  switch (url.protocol) {
    case "file:":
      return plain(pathOf(text, url), "file");
    case "ssh:":
      if (url.hostname.startsWith("-")) throw refused(text, "its host starts with a dash");
      return plain(text, "ssh");
    case "https:":
      return overHttp(url, "https", credentials);
    case "http:":
      if (!LOOPBACK.has(url.hostname))
        throw refused(text, "http is readable on the way: use https");
      return overHttp(url, "http", credentials);
    default:
      throw refused(text, "only paths, https and ssh are allowed");
  }
}

function pathOf(text: string, url: URL): string {
  if (url.host !== "") throw refused(text, "a file URL cannot name a host");
  const path = decode(url.pathname);
  if (hasControlCharacter(path)) throw refused(text, "it has control characters");
  return path;
}

/** As decodeURIComponent; a text with a stray "%" stands for itself. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function plain(url: string, protocol: "file" | "ssh"): GitLocation {
  return { url, protocol, config: [], secrets: [] };
}

function overHttp(
  url: URL,
  protocol: "https" | "http",
  credentials: GitCredentials | undefined,
): GitLocation {
  const user = credentials?.user ?? decode(url.username);
  const password = credentials?.password ?? decode(url.password);
  url.username = "";
  url.password = "";
  if (user === "" && password === "") return { url: url.href, protocol, config: [], secrets: [] };
  const basic = Buffer.from(`${user}:${password}`, "utf8").toString("base64");
  return {
    url: url.href,
    protocol,
    config: [[`http.${url.origin}/.extraHeader`, `Authorization: Basic ${basic}`]],
    secrets: [basic, password].filter((secret) => secret !== ""),
  };
}

function refused(text: string, reason: string): AppError {
  const shown = text.replace(/\/\/[^/@]*@/, "//***@").slice(0, 200);
  return new AppError(
    "DEPLOYMENT_REPOSITORY",
    `the deployment repository ${JSON.stringify(shown)} cannot be used: ${reason}`,
    { side: "config" },
  );
}
