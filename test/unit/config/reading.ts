/** What the tests of configuration readers share: a reader without files, and problems as short lines. */
import { ConfigProblems } from "../../../src/errors/config-error.ts";
import { SettingReader } from "../../../src/config/setting-reader.ts";
import { parseXml, type XmlElement } from "../../../src/config/xml.ts";

export interface Reading {
  readonly reader: SettingReader;
  /** "LINE: message" of every error so far. */
  readonly errors: () => readonly string[];
  readonly warnings: () => readonly string[];
}

/** A reader for the home /home/esb, with properties and environment as given. */
export function reading(
  properties: Readonly<Record<string, string>> = {},
  environment: Readonly<Record<string, string>> = {},
): Reading {
  const problems = new ConfigProblems();
  return {
    reader: new SettingReader({ home: "/home/esb", properties, environment }, problems),
    errors: () => problems.errors.map(({ line, message }) => `${line}: ${message}`),
    warnings: () => problems.warnings.map(({ line, message }) => `${line}: ${message}`),
  };
}

export function xml(text: string): XmlElement {
  return parseXml(text, "test.xml");
}
