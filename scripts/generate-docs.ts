/** `npm run docs`: writes the pages that are made from the code, docs/commands.md and docs/errors.md. test/tidy.test.ts compares. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { COMMANDS } from "../src/cli/commands.ts";
import { ERROR_CODES } from "../src/errors/codes.ts";
import { ROOT } from "./run-step.ts";

const commandSections = await Promise.all(
  COMMANDS.map(async ({ name, summary, load }) => {
    const sentence = `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
    return `## bascule ${name}\n\n${sentence}\n\n\`\`\`text\n${(await load()).usage}\n\`\`\``;
  }),
);

writeFileSync(
  join(ROOT, "docs", "commands.md"),
  `# Commands

\`bascule help COMMAND\` prints the same. The exit status is 0 when all went well, 1 when something failed, and 2 when the
command line is not understood. In a checkout the program is \`./bin/bascule\`.

${commandSections.join("\n\n")}
`,
);

const errorRows = Object.entries(ERROR_CODES).map(
  ([code, meaning]) => `| \`${code}\` | ${meaning} |`,
);

writeFileSync(
  join(ROOT, "docs", "errors.md"),
  `# Errors

Every error has a code that stays the same from version to version; the message beside it says what happened, where, and what
to do. The management API puts the code into the field \`code\` of its answers.

| code | meaning |
| --- | --- |
${errorRows.join("\n")}
`,
);
