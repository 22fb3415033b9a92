/**
 * Splits `hazelcastCommand` into words without a shell: blanks separate, single and double quotes keep together, nothing is
 * expanded but `{config}`, which stands for the path of the XML file.
 */
import { AppError } from "../../errors/app-error.ts";

const PLACEHOLDER = "{config}";
/** A run of quoted and unquoted pieces without a blank between them. */
const WORD = /(?:"[^"]*"|'[^']*'|[^\s"'])+/g;
const PIECE = /"([^"]*)"|'([^']*)'|([^"']+)/g;

/** The program and its arguments. @throws AppError CLUSTER_START when a quote is open or the placeholder is missing. */
export function commandWords(command: string, configFile: string): readonly [string, ...string[]] {
  if (command.replaceAll(PIECE, "").trim() !== "") throw refuse("a quote in it is not closed");
  if (!command.includes(PLACEHOLDER))
    throw refuse(
      `it does not contain ${PLACEHOLDER}, for example -Dhazelcast.config=${PLACEHOLDER}: the member would not know its configuration`,
    );
  const words = (command.match(WORD) ?? []).map((word) =>
    word
      .replaceAll(
        PIECE,
        (_, double?: string, single?: string, bare?: string) => double ?? single ?? bare ?? "",
      )
      .replaceAll(PLACEHOLDER, configFile),
  );
  const [program, ...rest] = words;
  if (program === undefined) throw refuse("it is empty");
  return [program, ...rest];
}

function refuse(reason: string): AppError {
  return new AppError("CLUSTER_START", `hazelcastCommand in axis2.xml cannot be run: ${reason}`, {
    side: "config",
  });
}
