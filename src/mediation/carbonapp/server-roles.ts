/**
 * Which artifacts of a carbon application are for this server: each names a serverRole, and carbon.xml (ServerRoles/Role) or
 * -DserverRoles names those of the server. A role of the server may be a regular expression.
 */
import { javaPattern } from "../xml/java-pattern.ts";

/** The roles of a server whose carbon.xml names none: those that WSO2's ESB and EI ship. */
export const SERVER_ROLES: readonly string[] = ["EnterpriseServiceBus", "EnterpriseIntegrator"];

export type RoleTest = (serverRole: string) => boolean;

/** @param roles one that is no regular expression stands for itself. */
export function roleTest(roles: readonly string[] = SERVER_ROLES): RoleTest {
  const patterns = roles.flatMap((role) => patternOf(role.trim()) ?? []);
  return (serverRole) => {
    const asked = serverRole.trim();
    if (asked === "") return true;
    return roles.some((role) => role.trim() === asked) || patterns.some((one) => one.test(asked));
  };
}

function patternOf(role: string): RegExp | undefined {
  try {
    return javaPattern(role, "whole");
  } catch {
    return undefined;
  }
}
