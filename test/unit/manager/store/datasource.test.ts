import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { DatasourceConfig } from "../../../../src/config/node-config.ts";
import { databaseFileOf } from "../../../../src/manager/store/datasource.ts";

const SQLITE: DatasourceConfig = {
  name: "WSO2_CARBON_DB",
  jndiName: "jdbc/WSO2CarbonDB",
  database: { kind: "sqlite", file: "/db/carbon.db" },
};
const MYSQL: DatasourceConfig = {
  name: "SHARED",
  jndiName: "jdbc/Shared",
  database: {
    kind: "mysql",
    host: "db",
    port: 3306,
    database: "d",
    username: "u",
    password: "secret",
  },
};

function fileOf(datasource: string | undefined, datasources: readonly DatasourceConfig[]): string {
  const registry = { readOnly: false, datasource, mounts: [] };
  return databaseFileOf({ home: "/home", datasources, registry });
}

describe("the manager's database", () => {
  it("is the datasource that registry.xml names", () => {
    assert.equal(fileOf("jdbc/WSO2CarbonDB", [MYSQL, SQLITE]), "/db/carbon.db");
  });

  it("is WSO2_CARBON_DB without registry.xml, and a file in the home without both", () => {
    assert.equal(fileOf(undefined, [MYSQL, SQLITE]), "/db/carbon.db");
    assert.equal(fileOf(undefined, []), "/home/repository/database/WSO2CARBON_DB.db");
  });

  it("is refused with a sentence where it is a server, which tells no password", () => {
    assert.throws(
      () => fileOf("jdbc/Shared", [MYSQL]),
      (error: Error) => {
        assert.match(error.message, /SHARED is a mysql server/);
        assert.doesNotMatch(error.message, /secret/);
        return true;
      },
    );
  });

  it("is refused where registry.xml names one that nobody defines", () => {
    assert.throws(() => fileOf("jdbc/Nothing", [SQLITE]), /jdbc\/Nothing/);
  });
});
