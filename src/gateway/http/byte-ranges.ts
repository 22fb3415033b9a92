/** The field Range for a body of known size (RFC 9110 14.1, ngx_http_range_filter_module). */

/** Both inclusive. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Most ranges of one request, whatever `max_ranges` allows. */
const RANGE_COUNT_MAX = 100;

/**
 * Undefined: no ranges are asked for, or more than are served (`countMax`), or they are longer than the whole:
 * the whole body is sent.
 */
export function readRanges(
  text: string,
  size: number,
  countMax: number,
): readonly ByteRange[] | "unsatisfiable" | undefined {
  const list = /^bytes=(.*)$/i.exec(text)?.[1];
  if (list === undefined || countMax === 0) return undefined;
  const words = list.split(",").map((word) => word.trim());
  if (words.length > Math.min(countMax, RANGE_COUNT_MAX)) return undefined;
  const ranges: ByteRange[] = [];
  for (const word of words) {
    const [, first, last] = /^(\d*)\s*-\s*(\d*)$/.exec(word) ?? [];
    if (first === undefined || last === undefined || first + last === "") return "unsatisfiable";
    const range = toRange(first, last, size);
    if (range === "invalid") return "unsatisfiable";
    if (range) ranges.push(range);
  }
  if (ranges.length === 0) return "unsatisfiable";
  const total = ranges.reduce((sum, { start, end }) => sum + end - start + 1, 0);
  return total > size ? undefined : ranges;
}

/** Undefined: the range lies behind the end. */
function toRange(first: string, last: string, size: number): ByteRange | "invalid" | undefined {
  if (first === "") {
    const length = Math.min(Number(last), size);
    return length === 0 ? undefined : { start: size - length, end: size - 1 };
  }
  const start = Number(first);
  if (last !== "" && Number(last) < start) return "invalid";
  const end = last === "" ? size - 1 : Math.min(Number(last), size - 1);
  return start >= size ? undefined : { start, end };
}
