/** Reading elements, parameters and attributes by tables. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  attributeTable,
  branch,
  branches,
  elementTable,
  leaf,
  readAttributes,
  readChildren,
  requireChild,
} from "../../../src/config/element-table.ts";
import { reading, xml } from "./reading.ts";

interface Found {
  readonly values: string[];
}

const inner = elementTable<Found>({
  "parameter port": leaf((setting, found) => {
    found.values.push(setting.text);
  }),
});

const table = elementTable<Found>(
  {
    Name: leaf((setting, found) => {
      found.values.push(setting.text);
    }),
    One: branch((element, found, reader) => readChildren(element, inner, found, reader)),
    Many: branches((_element, found) => {
      found.values.push("many");
    }),
  },
  "Silent AlsoSilent",
  "quiet",
);

function read(text: string) {
  const found: Found = { values: [] };
  const { reader, errors, warnings } = reading({ who: "esb" });
  readChildren(xml(text), table, found, reader);
  return { values: found.values, errors: errors(), warnings: warnings() };
}

describe("element tables", () => {
  it("reads leaves and branches in any namespace, with placeholders replaced", () => {
    const { values, errors, warnings } = read(
      `<Server xmlns="urn:x"><Name> \${who} </Name><One><parameter name="port">1</parameter></One><Many/><Many/></Server>`,
    );
    assert.deepEqual(values, ["esb", "1", "many", "many"]);
    assert.deepEqual([...errors, ...warnings], []);
  });

  it("warns of unknown elements and parameters with their line", () => {
    const { warnings, errors } = read(
      `<Server>\n<Nmae/>\n<parameter name="loud"/>\n<One>\n<parameter name="prot">1</parameter></One>\n</Server>`,
    );
    assert.deepEqual(errors, []);
    assert.deepEqual(warnings, [
      "2: unknown element <Nmae> in <Server> is ignored",
      '3: unknown parameter "loud" in <Server> is ignored',
      '5: unknown parameter "prot" in <One> is ignored',
    ]);
  });

  it("accepts known elements without meaning silently, with whatever they hold", () => {
    const { warnings, errors, values } = read(
      `<Server><Silent><X>\${nobody.knows}</X></Silent><Silent/><AlsoSilent/><parameter name="quiet"/></Server>`,
    );
    assert.deepEqual([...warnings, ...errors, ...values], []);
  });

  it("refuses an element that stands twice where once is meant", () => {
    const { errors } = read(`<Server><Name>a</Name>\n<Name>b</Name></Server>`);
    assert.deepEqual(errors, ["2: <Name> stands twice in <Server>; the first is in line 1"]);
  });

  it("takes an empty element as absent", () => {
    assert.deepEqual(read("<Server><Name>  </Name></Server>").values, []);
  });

  it("refuses secure vault aliases instead of taking the word beside them as the secret", () => {
    const { errors, values } = read(
      `<Server xmlns:svns="urn:svns"><Name svns:secretAlias="A.B">password</Name></Server>`,
    );
    assert.deepEqual(values, []);
    assert.match(
      errors[0] ?? "",
      /secure vault aliases are not supported: write env:NAME or file:PATH/,
    );
  });

  it("reads attributes, accepts the known ones and warns of the others", () => {
    const { reader, warnings } = reading();
    const found: Found = { values: [] };
    const attributes = attributeTable<Found>(
      {
        port: (setting, into) => {
          into.values.push(setting.text);
        },
      },
      "maxThreads acceptCount",
    );
    const element = xml(`<Connector port="9443" maxThreads="250" prot="x" proxyPort=""/>`);
    readAttributes(element, attributes, found, reader);
    assert.deepEqual(found.values, ["9443"]);
    assert.deepEqual(warnings(), [
      '1: unknown attribute "prot" of <Connector> is ignored',
      '1: unknown attribute "proxyPort" of <Connector> is ignored',
    ]);
  });

  it("reports a missing or empty child, and not one whose value was wrong", () => {
    const { reader, errors } = reading();
    const element = xml("<member><hostName/><port>x</port></member>");
    for (const name of ["hostName", "port", "other"]) requireChild(element, name, reader);
    assert.deepEqual(errors(), ["1: <member> needs <hostName>", "1: <member> needs <other>"]);
  });
});
