/** Requests of the console to the management API of the manager that served the page. */

/** An answer that is no success. */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {{Error?: string, deployment?: number, problems?: {file: string, line: number, message: string}[], workers?: object[]}} body
   */
  constructor(status, body) {
    super(body.Error ?? `the manager answers ${status}`);
    this.status = status;
    this.problems = body.problems ?? [];
    this.workers = body.workers ?? [];
  }
}

/**
 * @param {string} method
 * @param {string} path below /management/
 * @param {{json?: unknown, xml?: string, bytes?: Blob, isRefresh?: boolean}} options isRefresh: does not keep the session from idling out
 */
export function callApi(method, path, options = {}) {
  return call(method, `/management/${path}`, options);
}

/** Whether a node's log can be read; rejects with the reason. Does not keep the session from idling out. */
export async function readLog(node) {
  await call("GET", `${nodePath(node)}/logs?lines=0`, { isRefresh: true });
}

/** The log of a node as a WebSocket: the last lines, then every new one, as JSON texts. */
export function followLog(node, lines, level) {
  return new WebSocket(`${nodePath(node)}/logs/tail?lines=${lines}&level=${level}`);
}

function nodePath(node) {
  return `/carbon/nodes/${encodeURIComponent(node)}`;
}

async function call(method, url, { json, xml, bytes, isRefresh = false }) {
  const headers = { "x-requested-with": "bascule-console" };
  if (isRefresh) headers["x-bascule-refresh"] = "1";
  if (json !== undefined) headers["content-type"] = "application/json";
  if (xml !== undefined) headers["content-type"] = "application/xml";
  if (bytes !== undefined) headers["content-type"] = "application/octet-stream";
  const body = json === undefined ? (xml ?? bytes) : JSON.stringify(json);
  const response = await send(url, { method, headers, body });
  const isJson = response.headers.get("content-type")?.startsWith("application/json") ?? false;
  const content = isJson ? await response.json() : await response.text();
  if (!response.ok) throw new ApiError(response.status, isJson ? content : {});
  return content;
}

async function send(url, options) {
  try {
    return await fetch(url, { ...options, credentials: "same-origin", cache: "no-store" });
  } catch {
    throw new Error("The manager cannot be reached.");
  }
}
