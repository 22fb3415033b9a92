/**
 * What a directive's reader throws when a value is wrong: the whole sentence, in nginx's words where nginx
 * has words. analyze.ts and the compilers catch it, add file and line, and go on.
 */
export class DirectiveFault extends Error {}
