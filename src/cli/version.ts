/** `bascule version`. */
import { AppError } from "../errors/app-error.ts";
import type { Command } from "./command.ts";
import { PRODUCT_VERSION } from "../runtime/product.ts";

export const versionCommand: Command = {
  usage: "Usage: bascule version",
  async run(args) {
    if (args.length > 0) throw new AppError("USAGE", "version takes no arguments");
    console.log(`bascule ${PRODUCT_VERSION} (Node.js ${process.versions.node})`);
    return 0;
  },
};
