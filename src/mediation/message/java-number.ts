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

/** Digits that tell every float from its neighbours. */
const FLOAT_DIGITS = 9;

/** The text of Float.toString for the float next to a number: as few digits as tell it from other floats. */
export function javaFloatText(value: number): string {
  const float = Math.fround(value);
  if (!Number.isFinite(float) || float === 0) return javaNumberText(float);
  for (let digits = 1; digits < FLOAT_DIGITS; digits += 1) {
    const short = Number(float.toPrecision(digits));
    if (Math.fround(short) === float) return javaNumberText(short);
  }
  return javaNumberText(Number(float.toPrecision(FLOAT_DIGITS)));
}

function withFraction(digits: string): string {
  return digits.includes(".") ? digits : `${digits}.0`;
}
