/**
 * A load-balance endpoint with sessions (SALoadbalanceEndpoint): the messages of one client go to one child. The first
 * message of a session may go to another child when one fails; later ones may only where the session is a cookie, which
 * another server replaces by its own.
 */
import { FAULT_CODES, MediationFault } from "../mediation-fault.ts";
import type { Message } from "../message/message.ts";
import type { CallResult } from "./call-result.ts";
import { endpointLabel, type Endpoint, type LoadbalanceEndpoint } from "./endpoint.ts";
import { isEndpointFault } from "./endpoint-faults.ts";
import { callGroup, type ChildCall, choiceOf, stateOf } from "./group-call.ts";
import type { GroupState } from "./group-state.ts";
import { OriginalMessage } from "./original-message.ts";
import { isReady, resolveEndpoint } from "./resolve-endpoint.ts";
import {
  cookieSessions,
  removeSessions,
  requestSessions,
  type SessionRules,
  soapSession,
} from "./session-affinity.ts";

interface Bound {
  readonly id: string;
  readonly child: number;
  readonly endpoint: Endpoint;
}

/** @throws MediationFault when no child, or not the one of the session, takes the message. */
export async function callWithSession(
  message: Message,
  group: LoadbalanceEndpoint,
  rules: SessionRules,
  callChild: ChildCall,
): Promise<CallResult> {
  const state = stateOf(group, message);
  const ids = await requestSessions(rules.type, message);
  const bound = boundChild(message, group, rules, ids);
  if (bound) {
    const result = await callBound(message, { bound, rules, state, callChild });
    if (result) return learning(message, { result, child: bound.child, rules, state });
  } else {
    await removeSessions(rules.type, message);
  }
  const choose = choiceOf(group, state);
  const { child, result } = await callGroup(message, group, choose, callChild);
  const [id] = ids;
  if (rules.type === "simpleClientSession" && id !== undefined)
    state.sessions.bind(id, child, expiry(message, rules));
  return learning(message, { result, child, rules, state });
}

function boundChild(
  message: Message,
  group: LoadbalanceEndpoint,
  rules: SessionRules,
  ids: readonly string[],
): Bound | undefined {
  const { sessions } = stateOf(group, message);
  for (const id of ids) {
    const child = sessions.use(id, message.environment.clock.monotonicMs(), rules.timeoutMs);
    const endpoint = child === undefined ? undefined : group.children[child];
    if (child !== undefined && endpoint) return { id, child, endpoint };
  }
  return undefined;
}

interface BoundCall {
  readonly bound: Bound;
  readonly rules: SessionRules;
  readonly state: GroupState;
  readonly callChild: ChildCall;
}

/** Undefined when the child is down and the session may move to another. */
async function callBound(
  message: Message,
  { bound, rules, state, callChild }: BoundCall,
): Promise<CallResult | undefined> {
  const { id, child, endpoint } = bound;
  const mayMove = rules.type === "http";
  if (!(await isReady(endpoint, message))) {
    if (!mayMove) throw await notReady(message, bound);
    state.sessions.unbind(id);
    return undefined;
  }
  const original = mayMove ? await OriginalMessage.of(message) : undefined;
  try {
    return await state.counted(child, () => callChild(message, endpoint));
  } catch (thrown) {
    if (!isEndpointFault(thrown)) throw thrown;
    if (!original) throw await failedSession(message, endpoint, thrown);
    state.sessions.unbind(id);
    original.restore();
    return undefined;
  }
}

async function notReady(message: Message, { id, endpoint }: Bound): Promise<MediationFault> {
  return new MediationFault(
    `The endpoint ${await nameOf(message, endpoint)} on the session with id ${id} is not ready.`,
    { faultCode: FAULT_CODES.sessionChildNotReady },
  );
}

async function failedSession(
  message: Message,
  endpoint: Endpoint,
  cause: MediationFault,
): Promise<MediationFault> {
  return new MediationFault(
    `Failure an endpoint ${await nameOf(message, endpoint)}  in the current session`,
    { faultCode: FAULT_CODES.sessionFailed, detail: cause.message, sending: cause.sending, cause },
  );
}

async function nameOf(message: Message, endpoint: Endpoint): Promise<string> {
  const target = await resolveEndpoint(endpoint, message);
  return `Endpoint [${endpointLabel("settings" in target ? target.settings : target)}]`;
}

interface Taken {
  readonly result: CallResult;
  readonly child: number;
  readonly rules: SessionRules;
  readonly state: GroupState;
}

/** Binds the sessions that the response opens. */
function learning(message: Message, { result, child, rules, state }: Taken): CallResult {
  if (result.kind !== "response" || rules.type === "simpleClientSession") return result;
  const bind = (id: string): void => state.sessions.bind(id, child, expiry(message, rules));
  if (rules.type === "http") {
    for (const id of cookieSessions(result.response.headers)) bind(id);
    return result;
  }
  return {
    ...result,
    async learn(response) {
      await result.learn?.(response);
      const id = await soapSession(response).catch(noSession);
      if (id !== undefined) bind(id);
    },
  };
}

/** A response that cannot be read opens no session; whoever reads it sees why. */
function noSession(error: unknown): undefined {
  if (!(error instanceof MediationFault)) throw error;
}

function expiry(message: Message, { timeoutMs }: SessionRules): number {
  return message.environment.clock.monotonicMs() + timeoutMs;
}
