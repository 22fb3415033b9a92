/**
 * Tables of known elements: a row for each element, parameter or attribute of a configuration file, and
 * the walk that reads a file by its tables. What stands in no table is a warning; what stands twice
 * where once is meant is an error. Parameters (`<parameter name="port">`) have the key "parameter port".
 */
import type { SettingReader, Setting } from "./setting-reader.ts";
import { attributeOf, childElements, childNamed, textOf } from "./xml-query.ts";
import type { XmlElement } from "./xml.ts";

/** What a reader fills in while it walks; defaults are put in afterwards. */
export type Draft<Config> = { -readonly [Key in keyof Config]?: Config[Key] | undefined };

export type ElementRow<Filled> =
  /** A text without children; empty counts as absent. */
  | { readonly kind: "leaf"; readonly read: LeafRead<Filled> }
  /** An element with children, once or as often as wanted. */
  | { readonly kind: "branch" | "branches"; readonly read: BranchRead<Filled> }
  /** Known to WSO2, without meaning here: accepted silently, with all it holds. */
  | { readonly kind: "accepted" };

type LeafRead<Filled> = (setting: Setting, draft: Filled, reader: SettingReader) => void;
type BranchRead<Filled> = (element: XmlElement, draft: Filled, reader: SettingReader) => void;

export type ElementTable<Filled> = ReadonlyMap<string, ElementRow<Filled>>;
export type AttributeTable<Filled> = ReadonlyMap<string, LeafRead<Filled> | "accepted">;

export function leaf<Filled>(read: LeafRead<Filled>): ElementRow<Filled> {
  return { kind: "leaf", read };
}

export function branch<Filled>(read: BranchRead<Filled>): ElementRow<Filled> {
  return { kind: "branch", read };
}

export function branches<Filled>(read: BranchRead<Filled>): ElementRow<Filled> {
  return { kind: "branches", read };
}

const ANY_PARAMETER = "parameter *";

/**
 * Rows that are read; then the names of elements and of parameters that are only accepted, with blanks
 * between. The parameter name "*" stands for every parameter without a row.
 */
export function elementTable<Filled>(
  rows: Readonly<Record<string, ElementRow<Filled>>>,
  elements = "",
  parameters = "",
): ElementTable<Filled> {
  const accepted = [
    ...wordsOf(elements),
    ...wordsOf(parameters).map((name) => `parameter ${name}`),
  ];
  return new Map<string, ElementRow<Filled>>([
    ...accepted.map((key): [string, ElementRow<Filled>] => [key, { kind: "accepted" }]),
    ...Object.entries(rows),
  ]);
}

/** The same for attributes. */
export function attributeTable<Filled>(
  rows: Readonly<Record<string, LeafRead<Filled>>>,
  accepted = "",
): AttributeTable<Filled> {
  return new Map<string, LeafRead<Filled> | "accepted">([
    ...Object.entries(rows),
    ...wordsOf(accepted).map((name): [string, "accepted"] => [name, "accepted"]),
  ]);
}

/** Reads the children of `element` by the table into `draft`. */
export function readChildren<Filled>(
  element: XmlElement,
  table: ElementTable<Filled>,
  draft: Filled,
  reader: SettingReader,
): void {
  const firstLines = new Map<string, number>();
  for (const child of childElements(element)) {
    const key = keyOf(child);
    const row =
      table.get(key) ?? (child.name === "parameter" ? table.get(ANY_PARAMETER) : undefined);
    const firstLine = firstLines.get(key);
    if (!row) warnUnknown(child, element, reader);
    else if (firstLine !== undefined && (row.kind === "leaf" || row.kind === "branch"))
      reader.problems.error(
        child.place,
        `${titleOf(child)} stands twice in ${titleOf(element)}; the first is in line ${firstLine}`,
      );
    else readRow(child, row, draft, reader);
    firstLines.set(key, child.place.line);
  }
}

/** Reads the attributes of `element` by the table into `draft`. Namespaced attributes are left alone. */
export function readAttributes<Filled>(
  element: XmlElement,
  table: AttributeTable<Filled>,
  draft: Filled,
  reader: SettingReader,
): void {
  for (const { name, prefix, value } of element.attributes) {
    if (prefix !== "") continue;
    const row = table.get(name);
    if (row === "accepted") continue;
    if (!row) {
      const message = `unknown attribute "${name}" of ${titleOf(element)} is ignored`;
      reader.problems.warning(element.place, message);
      continue;
    }
    const setting = reader.setting(value, element.place);
    if (setting) row(setting, draft, reader);
  }
}

/** Reports a child that must be there; a child whose value was wrong has its own error already. */
export function requireChild(element: XmlElement, name: string, reader: SettingReader): void {
  const child = childNamed(element, name);
  if (child && textOf(child) !== "") return;
  reader.problems.error(element.place, `${titleOf(element)} needs <${name}>`);
}

/** The element in words: `<HostName>`, `parameter "port"`. */
export function titleOf(element: XmlElement): string {
  if (element.name !== "parameter") return `<${element.name}>`;
  return `parameter "${attributeOf(element, "name") ?? ""}"`;
}

function wordsOf(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

function keyOf(element: XmlElement): string {
  if (element.name !== "parameter") return element.name;
  return `parameter ${attributeOf(element, "name") ?? ""}`;
}

function readRow<Filled>(
  element: XmlElement,
  row: ElementRow<Filled>,
  draft: Filled,
  reader: SettingReader,
): void {
  switch (row.kind) {
    case "accepted":
      return;
    case "branch":
    case "branches":
      row.read(element, draft, reader);
      return;
    case "leaf": {
      const setting = leafSetting(element, reader);
      if (setting) row.read(setting, draft, reader);
    }
  }
}

function leafSetting(element: XmlElement, reader: SettingReader): Setting | undefined {
  for (const child of childElements(element)) warnUnknown(child, element, reader);
  if (element.attributes.some((attribute) => attribute.name === "secretAlias")) {
    const advice = "write env:NAME or file:PATH as the value instead";
    const message = `secure vault aliases are not supported: ${advice}`;
    reader.problems.error(element.place, message);
    return undefined;
  }
  return reader.setting(textOf(element), element.place);
}

function warnUnknown(child: XmlElement, parent: XmlElement, reader: SettingReader): void {
  const title = child.name === "parameter" ? titleOf(child) : `element ${titleOf(child)}`;
  reader.problems.warning(child.place, `unknown ${title} in ${titleOf(parent)} is ignored`);
}
