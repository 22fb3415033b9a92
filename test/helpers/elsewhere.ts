/**
 * For NODE_OPTIONS of a node's process: makes it believe that its machine has another name than the others', so that it leaves
 * their folders alone as it would on a machine of its own.
 */
const PROGRAM =
  'import os from "node:os"; import { syncBuiltinESMExports } from "node:module"; os.hostname = () => "elsewhere"; syncBuiltinESMExports();';

export const ELSEWHERE = `--import=data:text/javascript,${encodeURIComponent(PROGRAM)}`;
