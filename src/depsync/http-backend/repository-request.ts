/**
 * Which of git's four smart HTTP requests a method and an address stand for (gitprotocol-http(5)). Whatever else one could
 * ask of a repository over HTTP, above all its files one by one (the "dumb" protocol), is refused. Called by the
 * manager's route before anything else is looked at.
 */

export type RepositoryService = "git-upload-pack" | "git-receive-pack";

export interface RepositoryRequest {
  /** git-upload-pack reads, git-receive-pack writes. */
  readonly service: RepositoryService;
  /** advertise: the refs, first; exchange: everything after. */
  readonly step: "advertise" | "exchange";
}

export interface RefusedRequest {
  readonly status: 403 | 404 | 405;
  /** A sentence for the person at the other end. */
  readonly reason: string;
}

const SMART_ONLY =
  "this repository speaks git's smart HTTP protocol only: use `git clone` or `git fetch` with git 1.6.6 or newer";

/** @param path behind the repository's address, "/info/refs". @param search without "?", as it came. */
export function readRepositoryRequest(
  method: string,
  path: string,
  search: string,
): RepositoryRequest | RefusedRequest {
  if (path === "/info/refs") {
    if (method !== "GET") return { status: 405, reason: "/info/refs is asked for by GET" };
    const service = serviceOf(search);
    return service ? { service, step: "advertise" } : { status: 403, reason: SMART_ONLY };
  }
  if (path === "/git-upload-pack" || path === "/git-receive-pack") {
    if (method !== "POST") return { status: 405, reason: `${path} is asked for by POST` };
    return {
      service: path === "/git-upload-pack" ? "git-upload-pack" : "git-receive-pack",
      step: "exchange",
    };
  }
  if (/^\/(HEAD|objects\/.*)$/.test(path)) return { status: 403, reason: SMART_ONLY };
  return { status: 404, reason: "there is nothing here but a git repository: `git clone` it" };
}

/** The version of git's protocol that a `Git-Protocol` field asks for; anything odd counts as none. */
export function protocolOf(field: string | undefined): string {
  return field !== undefined && /^version=[0-2]$/.test(field) ? field : "";
}

/** Exactly one parameter, and nothing that could be read in two ways. */
function serviceOf(search: string): RepositoryService | undefined {
  if (search === "service=git-upload-pack") return "git-upload-pack";
  return search === "service=git-receive-pack" ? "git-receive-pack" : undefined;
}
