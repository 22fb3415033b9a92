/**
 * Dates in the patterns of java.text.SimpleDateFormat, for get-property('SYSTEM_DATE', pattern): the letters that
 * configurations use (y M d H h m s S a E z Z X), quoted text, local time.
 */

const DAYS = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");
const MONTHS =
  "January February March April May June July August September October November December".split(
    " ",
  );

/** Four letters ask for the whole name, fewer for its first three letters. */
function nameText(name: string | undefined, letters: string): string {
  return (name ?? "").slice(0, letters.length > 3 ? undefined : 3);
}

/** Formats milliseconds since 1970. A letter that is not known stays as it is. */
export function formatJavaDate(wallMs: number, pattern: string): string {
  const date = new Date(wallMs);
  return pattern.replace(/'([^']*)'|([A-Za-z])\2*/g, (letters, quoted: string | undefined) => {
    if (quoted !== undefined) return quoted === "" ? "'" : quoted;
    return fieldText(date, letters);
  });
}

function fieldText(date: Date, letters: string): string {
  const padded = (value: number): string => String(value).padStart(letters.length, "0");
  switch (letters.charAt(0)) {
    case "y":
      return letters.length === 2 ? padded(date.getFullYear() % 100) : padded(date.getFullYear());
    case "M":
      return letters.length > 2
        ? nameText(MONTHS[date.getMonth()], letters)
        : padded(date.getMonth() + 1);
    case "d":
      return padded(date.getDate());
    case "H":
      return padded(date.getHours());
    case "h":
      return padded(date.getHours() % 12 || 12);
    case "m":
      return padded(date.getMinutes());
    case "s":
      return padded(date.getSeconds());
    case "S":
      return padded(date.getMilliseconds());
    case "a":
      return date.getHours() < 12 ? "AM" : "PM";
    case "E":
      return nameText(DAYS[date.getDay()], letters);
    case "Z":
      return offsetText(date, "");
    case "X":
      return isoOffset(date, letters.length);
    case "z":
      return offsetText(date, ":");
    default:
      return letters;
  }
}

/** ISO 8601: "Z" for UTC, else hours, hours and minutes, or both with a colon, by the number of letters. */
function isoOffset(date: Date, length: number): string {
  if (date.getTimezoneOffset() === 0) return "Z";
  if (length === 1) return offsetText(date, "").slice(0, 3);
  return offsetText(date, length === 2 ? "" : ":");
}

function offsetText(date: Date, separator: string): string {
  const minutes = -date.getTimezoneOffset();
  const two = (value: number): string => String(value).padStart(2, "0");
  const absolute = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(absolute / 60))}${separator}${two(absolute % 60)}`;
}
