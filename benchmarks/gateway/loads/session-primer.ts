/**
 * Makes the live sessions of the sticky case: for each id one request that makes a backend set its cookie.
 * Then asks with a part of the cookies whether each comes back to the backend that had set it.
 */
import { Agent } from "node:http";
import { LOGIN_PATH, SESSION_COOKIE } from "../backends.ts";
import { answerOf } from "../http-answer.ts";
import { sessionId } from "./wrk.ts";

const CONNECTIONS = 32;
/** How many sessions are asked for again. */
const SAMPLE = 200;

/** @throws Error when a session did not come back to the backend that had made it. */
export async function primeSessions(port: number, count: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  try {
    const homes = await login({ agent, port, count });
    for (const [n, home] of homes) {
      const headers = { Cookie: `${SESSION_COOKIE}=${sessionId(n)}` };
      if ((await answerOf({ agent, port, path: "/", headers })) === home) continue;
      throw new Error(`session ${n} of ${count} was not sent to the backend that had made it`);
    }
  } finally {
    agent.destroy();
  }
}

interface Logins {
  readonly agent: Agent;
  readonly port: number;
  readonly count: number;
}

/** @returns which backend made the session, for every so manieth session. */
async function login({ agent, port, count }: Logins): Promise<ReadonlyMap<number, string>> {
  const every = Math.max(1, Math.floor(count / SAMPLE));
  const homes = new Map<number, string>();
  let next = 0;
  const loop = async (): Promise<void> => {
    for (let n = next++; n < count; n = next++) {
      const body = await answerOf({ agent, port, path: `${LOGIN_PATH}${sessionId(n)}` });
      if (n % every === 0) homes.set(n, body);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, loop));
  return homes;
}
