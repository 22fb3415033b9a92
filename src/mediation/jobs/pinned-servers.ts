/** pinnedServers: the names of the servers that run an artifact; an empty list means all. */

/** Splits the attribute at blanks and commas. */
export function readPinnedServers(text: string | undefined): readonly string[] {
  return (text ?? "").split(/[\s,]+/).filter((name) => name !== "");
}

export function isPinnedElsewhere(servers: readonly string[], serverName: string): boolean {
  return servers.length > 0 && !servers.includes(serverName);
}
