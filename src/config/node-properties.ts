/**
 * The -D properties that mean something to a node: workerNode, setup, portOffset, nodeName. All others are
 * only kept for `${name}` in the files and for whoever asks.
 */
import { basename } from "node:path";
import { PORT_OFFSET } from "./carbon.ts";
import type { Setting, SettingReader } from "./setting-reader.ts";

export interface NodeProperties {
  /** -DworkerNode=true: the node is a worker. */
  readonly isWorker: boolean;
  /** -Dsetup. */
  readonly setup: boolean;
  /** -DportOffset; undefined: carbon.xml decides. */
  readonly portOffset: number | undefined;
  /** -DnodeName, else the home folder's base name. */
  readonly name: string;
}

/** Reads them; an error names the command line as its place. */
export function readNodeProperties(
  properties: Readonly<Record<string, string>>,
  reader: SettingReader,
): NodeProperties {
  const offset = property(properties, "portOffset");
  return {
    isWorker: isSet(properties, "workerNode", reader),
    setup: isSet(properties, "setup", reader),
    portOffset: offset && reader.integer(offset, PORT_OFFSET),
    name: property(properties, "nodeName")?.text ?? basename(reader.home),
  };
}

/** `-Dname` alone means true, as in WSO2's start script. */
function isSet(
  properties: Readonly<Record<string, string>>,
  name: string,
  reader: SettingReader,
): boolean {
  if (!Object.hasOwn(properties, name)) return false;
  const setting = property(properties, name);
  return !setting || reader.boolean(setting) === true;
}

function property(properties: Readonly<Record<string, string>>, name: string): Setting | undefined {
  const text = Object.hasOwn(properties, name) ? (properties[name]?.trim() ?? "") : "";
  return text === ""
    ? undefined
    : { text, place: { file: `the command line (-D${name})`, line: 0 } };
}
