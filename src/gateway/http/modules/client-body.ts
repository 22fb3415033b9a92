/** How the bodies of requests are stored while they are read (ngx_http_core_module); spool/spooled-body.ts does it. */
import { DirectiveFault } from "../../nginx/directive-fault.ts";
import { accepted, HTTP_LEVELS, single, sizeBytes } from "../../nginx/directive.ts";
import { readFolder } from "./proxy-buffers.ts";

export const clientBodySettings = {
  /** A larger body goes to a temporary file. */
  bodyBufferBytes: single({
    name: "client_body_buffer_size",
    contexts: HTTP_LEVELS,
    value: sizeBytes,
    initial: 16 * 1024,
  }),
  /** on: every body is stored in a file that stays; clean: that is removed with the request. */
  bodyInFileOnly: single<"off" | "clean" | "on">({
    name: "client_body_in_file_only",
    contexts: HTTP_LEVELS,
    initial: "off",
    value([word = ""]) {
      if (word === "off" || word === "on" || word === "clean") return word;
      throw new DirectiveFault(`invalid value "${word}"`);
    },
  }),
  /** Folder of the temporary files. */
  tempPath: single({
    name: "client_body_temp_path",
    contexts: HTTP_LEVELS,
    arity: { min: 1, max: 4 },
    missing: "levels of sub-folders (accepted and not used)",
    initial: "client_body_temp",
    value: readFolder,
  }),
};

export const clientBodyAccepted = [accepted("client_body_in_single_buffer", HTTP_LEVELS)];
