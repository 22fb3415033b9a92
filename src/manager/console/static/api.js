/** Requests of the console to the management API of the manager that served the page. */

/** An answer that is no success. */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {{Error?: string, problems?: {file: string, line: number, message: string}[]}} body
   */
  constructor(status, body) {
    super(body.Error ?? `the manager answers ${status}`);
    this.status = status;
    this.problems = body.problems ?? [];
  }
}

/**
 * @param {string} method
 * @param {string} path below /management/
 * @param {{json?: unknown, xml?: string, isRefresh?: boolean}} options isRefresh: does not keep the session from idling out
 */
export async function callApi(method, path, { json, xml, isRefresh = false } = {}) {
  const headers = { "x-requested-with": "bascule-console" };
  if (isRefresh) headers["x-bascule-refresh"] = "1";
  if (json !== undefined) headers["content-type"] = "application/json";
  if (xml !== undefined) headers["content-type"] = "application/xml";
  const body = json === undefined ? xml : JSON.stringify(json);
  const response = await send(`/management/${path}`, { method, headers, body });
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
