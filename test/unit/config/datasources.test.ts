/** master-datasources.xml and registry.xml. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readDatasources } from "../../../src/config/datasources.ts";
import { readRegistry } from "../../../src/config/registry.ts";
import { reading, xml } from "./reading.ts";

const datasource = (configuration: string, name = "WSO2_CARBON_DB", type = "RDBMS") =>
  `<datasource><name>${name}</name><jndiConfig><name>jdbc/${name}</name></jndiConfig><definition type="${type}"><configuration>${configuration}</configuration></definition></datasource>`;

function read(datasources: string | undefined) {
  const { reader, errors, warnings } = reading({}, { DB_PASSWORD: "s3cret" });
  const text = `<datasources-configuration><providers><provider>x</provider></providers><datasources>${datasources}</datasources></datasources-configuration>`;
  const config = readDatasources(datasources === undefined ? undefined : xml(text), reader);
  return { config, errors: errors(), warnings: warnings() };
}

describe("master-datasources.xml", () => {
  it("means the embedded database when it is absent", () => {
    assert.deepEqual(read(undefined).config, [
      {
        name: "WSO2_CARBON_DB",
        jndiName: "jdbc/WSO2CarbonDB",
        database: { kind: "sqlite", file: "/home/esb/repository/database/WSO2CARBON_DB.sqlite" },
      },
    ]);
  });

  it("reads a MySQL server with its user, and accepts the pool's tuning", () => {
    const { config, errors, warnings } = read(
      datasource(
        "<url>jdbc:mysql://db:3307/regdb</url><username>reg</username><password>env:DB_PASSWORD</password><driverClassName>com.mysql.jdbc.Driver</driverClassName><maxActive>50</maxActive><testOnBorrow>true</testOnBorrow>",
      ),
    );
    assert.deepEqual([...errors, ...warnings], []);
    assert.deepEqual(config[0], {
      name: "WSO2_CARBON_DB",
      jndiName: "jdbc/WSO2_CARBON_DB",
      database: {
        kind: "mysql",
        host: "db",
        port: 3307,
        database: "regdb",
        username: "reg",
        password: "s3cret",
      },
    });
  });

  it("reports what is missing", () => {
    assert.match(read(datasource("")).errors[0] ?? "", /<configuration> needs <url>/);
    assert.match(
      read(datasource("<url>jdbc:mysql://db/x</url>")).errors[0] ?? "",
      /<configuration> needs <username>/,
    );
    assert.match(
      read("<datasource><name>a</name></datasource>").errors[0] ?? "",
      /needs <definition>/,
    );
    assert.match(read(datasource("<url>jdbc:oracle:x</url>")).errors[0] ?? "", /is not supported/);
  });

  it("refuses one name twice and ignores other types with a warning", () => {
    const h2 = "<url>jdbc:h2:x</url>";
    assert.match(read(datasource(h2) + datasource(h2)).errors[0] ?? "", /stands twice/);
    const custom = read(datasource(h2, "A", "Custom"));
    assert.deepEqual(custom.config, []);
    assert.match(custom.warnings[0] ?? "", /of the type "Custom" is ignored/);
  });
});

describe("registry.xml", () => {
  const known = read(
    datasource("<url>jdbc:h2:a</url>", "A") + datasource("<url>jdbc:h2:b</url>", "B"),
  ).config;

  function readXml(content: string | undefined) {
    const { reader, errors, warnings } = reading();
    const root = content === undefined ? undefined : xml(`<wso2registry>${content}</wso2registry>`);
    return { config: readRegistry(root, reader, known), errors: errors(), warnings: warnings() };
  }

  const OWN =
    '<currentDBConfig>own</currentDBConfig><dbConfig name="own"><dataSource>jdbc/A</dataSource></dbConfig>';
  const SHARED =
    '<dbConfig name="shared"><dataSource>jdbc/B</dataSource></dbConfig><remoteInstance url="https://localhost:9443/registry"><id>reg</id><dbConfig>shared</dbConfig><readOnly>true</readOnly></remoteInstance>';
  const mount = (instance: string, overwrite = "true") =>
    `<mount path="/_system/config" overwrite="${overwrite}"><instanceId>${instance}</instanceId><targetPath>/_system/esbnodes</targetPath></mount>`;

  it("is writable, without datasource and mounts, when it is absent", () => {
    assert.deepEqual(readXml(undefined).config, {
      readOnly: false,
      datasource: undefined,
      mounts: [],
    });
  });

  it("reads the current datasource and the mounts", () => {
    const { config, errors, warnings } = readXml(
      `${OWN}<readOnly>true</readOnly><enableCache>true</enableCache>${SHARED}${mount("reg", "virtual")}<handler class="x"/>`,
    );
    assert.deepEqual([...errors, ...warnings], []);
    assert.deepEqual(config, {
      readOnly: true,
      datasource: "jdbc/A",
      mounts: [
        {
          path: "/_system/config",
          targetPath: "/_system/esbnodes",
          instanceId: "reg",
          overwrite: "virtual",
        },
      ],
    });
  });

  it("reports names that lead nowhere", () => {
    assert.match(
      readXml("<currentDBConfig>nix</currentDBConfig>").errors[0] ?? "",
      /there is no <dbConfig name="nix">/,
    );
    assert.match(
      readXml('<dbConfig name="x"><dataSource>jdbc/C</dataSource></dbConfig>').errors[0] ?? "",
      /no datasource with the JNDI name "jdbc\/C"/,
    );
    assert.match(
      readXml(OWN + mount("reg")).errors[0] ?? "",
      /no <remoteInstance> with the id "reg"/,
    );
  });

  it("refuses wrong mounts", () => {
    assert.match(
      readXml(OWN + SHARED + mount("reg", "maybe")).errors[0] ?? "",
      /"maybe" is not known/,
    );
    assert.match(
      readXml(
        `${OWN}${SHARED}<mount><instanceId>reg</instanceId><targetPath>x</targetPath></mount>`,
      ).errors.join(),
      /"x" is not a registry path.*<mount> needs the attribute path/,
    );
  });
});
