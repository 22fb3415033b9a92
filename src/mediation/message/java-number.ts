/**
 * Numbers as Java prints a double (Double.toString): what an XPath expression that counts or calculates leaves in
 * properties, payloads and headers is "2.0" in Synapse, and configurations compare that text.
 */

/** From here on, and below the other, Java writes an exponent. */
const EXPONENT_FROM = 1e7;
const EXPONENT_BELOW = 1e-3;

/** The text of Double.toString. */
export function javaNumberText(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return String(value);
  if (size === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  if (size >= EXPONENT_BELOW && size < EXPONENT_FROM) return withFraction(String(value));
  const [mantissa = "", exponent = ""] = value.toExponential().split("e");
  return `${withFraction(mantissa)}E${Number(exponent)}`;
}

function withFraction(digits: string): string {
  return digits.includes(".") ? digits : `${digits}.0`;
}
