/** `bascule join-token`: prints a token with which one home registers itself, for a short time. */
import { AppError } from "../errors/app-error.ts";
import { JOIN_TOKEN_TTL_S } from "../manager/trust/join-tokens.ts";
import type { Command } from "./command.ts";
import { MANAGER_USAGE, readManagerArguments } from "./manager-arguments.ts";
import { askManager } from "./manager-client.ts";
import { done } from "./trust/manager-answer.ts";

export const joinTokenCommand: Command = {
  usage: `Usage: bascule join-token [--ttl TIME] [options]
  --ttl TIME       how long it is valid: 90, 90s, 15m or 2h; ${JOIN_TOKEN_TTL_S.min} s to 24 h (default: 15m)
${MANAGER_USAGE}
Prints the token and nothing else. It registers one node; whoever has it can do so, until it was used or has expired.`,
  async run(args) {
    const { ttl, rest } = takeTtl(args);
    const { access } = await readManagerArguments(rest, process.env, (given) => {
      if (given.length > 0) throw new AppError("USAGE", "join-token takes options only");
    });
    const answer = await askManager(access, {
      method: "POST",
      path: "/management/cluster/join-tokens",
      contentType: "application/json",
      body: Buffer.from(JSON.stringify(ttl === undefined ? {} : { ttlSeconds: ttl })),
    });
    const { token } = done(answer);
    console.log(String(token));
    return 0;
  },
};

function takeTtl(args: readonly string[]): {
  readonly ttl: number | undefined;
  readonly rest: readonly string[];
} {
  const at = args.findIndex((argument) => argument === "--ttl" || argument.startsWith("--ttl="));
  if (at === -1) return { ttl: undefined, rest: args };
  const joined = args[at]?.slice("--ttl".length).replace(/^=/, "") ?? "";
  const text = joined === "" ? (args[at + 1] ?? "") : joined;
  const rest = args.toSpliced(at, joined === "" ? 2 : 1);
  return { ttl: readTtl(text), rest };
}

function readTtl(text: string): number {
  const [, count = "", unit = "s"] = /^(\d{1,6})([smh]?)$/.exec(text) ?? [];
  const seconds = Number(count) * ({ m: 60, h: 3_600 }[unit] ?? 1);
  const { min, max } = JOIN_TOKEN_TTL_S;
  if (count !== "" && seconds >= min && seconds <= max) return seconds;
  throw new AppError(
    "USAGE",
    `--ttl takes a time from ${min} s to ${max / 3_600} h, not "${text}"`,
  );
}
