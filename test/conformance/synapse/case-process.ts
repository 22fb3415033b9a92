/** A process of a run: plays the cases that its parent names, one after the other, and answers what differs. */
import { messageOf } from "../../../src/errors/app-error.ts";
import type { Case } from "./case-format.ts";
import { PortBlock } from "./case-ports.ts";
import { runCase } from "./case-runner.ts";

const [, , folder = ""] = process.argv;
const block = await PortBlock.claim();

process.on("message", (item: Case) => {
  runCase(item, folder, block).then(
    (differences) => process.send?.(differences),
    (error: unknown) => process.send?.([messageOf(error)]),
  );
});
process.once("disconnect", () => process.exit(0));
process.send?.("ready");
