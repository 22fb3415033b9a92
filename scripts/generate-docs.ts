/** `npm run docs`: writes the pages that are made from the code, docs/commands.md, docs/errors.md and docs/directives.md. test/tidy.test.ts compares. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { COMMANDS } from "../src/cli/commands.ts";
import { ERROR_CODES } from "../src/errors/codes.ts";
import { DIRECTIVES } from "../src/gateway/nginx/directives.ts";
import { directiveLine, VOCABULARY } from "../src/gateway/nginx/vocabulary.ts";
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

const own = DIRECTIVES.map((row) => row.name).filter(
  (name) => !VOCABULARY.some((known) => known === name),
);
const directiveNames = [...new Set([...VOCABULARY, ...own])].sort();
const directiveLines = directiveNames.map((name) => directiveLine(name, DIRECTIVES));

writeFileSync(
  join(ROOT, "docs", "directives.md"),
  `# Directives

What the gateway has of nginx's directives. A directive that is not supported yet is refused as unknown; one that is accepted with a
warning has no effect, and \`bascule gateway -t\` says so. Nothing is ignored in silence. \`server-if\` and \`location-if\` are the blocks
of \`if\`, \`limit-except\` that of \`limit_except\`.

\`server_signature bascule | nginx\` is the gateway's own: the name in \`Server\` and on error pages. It is \`nginx\` unless the
configuration says otherwise, so that one that comes from nginx answers as before.

| directive | status | contexts | |
| --- | --- | --- | --- |
${directiveLines.join("\n")}
`,
);
