/** Times in the forms of nginx's log variables. */

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const two = (value: number): string => String(value).padStart(2, "0");

function offsetOf(time: Date, separator: string): string {
  const minutes = -time.getTimezoneOffset();
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}${separator}${two(size % 60)}`;
}

function clockOf(time: Date): string {
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

/** "21/Nov/2026:10:15:30 +0000". */
export function formatTimeLocal(wallMs: number): string {
  const time = new Date(wallMs);
  const day = `${two(time.getDate())}/${MONTHS[time.getMonth()] ?? ""}/${time.getFullYear()}`;
  return `${day}:${clockOf(time)} ${offsetOf(time, "")}`;
}

/** "2026-11-21T10:15:30+00:00". */
export function formatTimeIso(wallMs: number): string {
  const time = new Date(wallMs);
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day}T${clockOf(time)}${offsetOf(time, ":")}`;
}

/** Seconds with three decimals. */
export function formatSeconds(durationMs: number): string {
  return (durationMs / 1000).toFixed(3);
}
