/** Reads what a manager answers to the commands about trust: its fields, or its sentence as an error. */
import { AppError } from "../../errors/app-error.ts";
import { errorOf, type ManagerAnswer } from "../manager-client.ts";

/** @throws AppError with the manager's sentence unless the status is 200. */
export function done({ status, body }: ManagerAnswer): Partial<Readonly<Record<string, unknown>>> {
  if (status === 200 && typeof body === "object" && body !== null) return body;
  const reason = errorOf(body) ?? `the manager answers with status ${status}`;
  throw new AppError(status === 409 ? "CLUSTER_TRUST" : "REQUEST_INVALID", reason);
}
