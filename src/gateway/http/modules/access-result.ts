/** What a check of the access phase says about a client (access-phase.ts asks the checks in their order). */

/** "granted": the check has let the client in; "none": it does not apply; else the status of the refusal. */
export type AccessResult = "granted" | "none" | 401 | 403 | 500;
