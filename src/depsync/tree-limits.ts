/** How much one revision of the deployment repository may hold. */

/** Bytes of one file. */
export const FILE_BYTES_MAX = 10 * 1024 * 1024;
/** Files of one revision. */
export const FILES_MAX = 20_000;
/** Bytes of all files of one revision. */
export const REVISION_BYTES_MAX = 256 * 1024 * 1024;
