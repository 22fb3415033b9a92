/**
 * `${name}` in texts and attribute values of configuration files, as WSO2 replaces system properties.
 * Looked up in this order: what Bascule itself knows (carbon.home), the -D properties of the command
 * line, the environment. The setting reader calls it for every value that means something.
 */

/** Answers what a placeholder stands for, or undefined when it does not know the name. */
export type PlaceholderLookup = (name: string) => string | undefined;

export interface PlaceholderSources {
  /** Absolute path of the home folder; `${carbon.home}` stands for it. */
  readonly home: string;
  /** The -D properties of the command line. */
  readonly properties: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The text with known placeholders replaced, and the names that nobody knew (they stay as they are). */
export interface ReplacedText {
  readonly text: string;
  readonly unknown: readonly string[];
}

/** `${env:NAME}`: a variable of the environment and nothing else. */
const ENVIRONMENT = "env:";

/** The usual lookup: built-ins, then properties, then environment. */
export function placeholderLookup(sources: PlaceholderSources): PlaceholderLookup {
  return (name) => {
    if (name === "carbon.home") return sources.home;
    if (name.startsWith(ENVIRONMENT)) {
      return ownValue(sources.environment, name.slice(ENVIRONMENT.length));
    }
    return ownValue(sources.properties, name) ?? ownValue(sources.environment, name);
  };
}

/** Replaces every `${name}` once; a replacement is not looked at again, so nothing can expand for ever. */
export function replacePlaceholders(text: string, lookup: PlaceholderLookup): ReplacedText {
  if (!text.includes("${")) return { text, unknown: [] };
  const unknown: string[] = [];
  const replaced = text.replace(/\$\{([^${}]+)\}/g, (whole, name: string) => {
    const value = lookup(name);
    if (value === undefined) unknown.push(name);
    return value ?? whole;
  });
  return { text: replaced, unknown };
}

/** A property of the record itself: names such as "constructor" mean nothing here. */
function ownValue(
  record: Readonly<Record<string, string | undefined>>,
  name: string,
): string | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
