/** JDBC URLs of data sources. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseJdbcUrl } from "../../../src/config/jdbc-url.ts";

const HOME = "/home/esb";
const sqlite = (file: string) => ({ kind: "sqlite", file });

describe("parseJdbcUrl", () => {
  for (const [url, expected] of [
    [
      "jdbc:h2:./repository/database/WSO2CARBON_DB;DB_CLOSE_ON_EXIT=FALSE;LOCK_TIMEOUT=60000",
      sqlite("/home/esb/repository/database/WSO2CARBON_DB.sqlite"),
    ],
    ["jdbc:h2:file:/var/data/reg.db", sqlite("/home/esb/repository/database/reg.db.sqlite")],
    ["jdbc:h2:mem:test", sqlite("/home/esb/repository/database/test.sqlite")],
    ["jdbc:h2:~/esb", sqlite("/home/esb/repository/database/esb.sqlite")],
    ["jdbc:sqlite:data/esb.db", sqlite("/home/esb/data/esb.db")],
    [
      "jdbc:mysql://carbondb.mysql-wso2.com:3306/regdb?autoReconnect=true",
      { kind: "mysql", host: "carbondb.mysql-wso2.com", port: 3306, database: "regdb" },
    ],
    ["jdbc:mariadb://db/x", { kind: "mysql", host: "db", port: 3306, database: "x" }],
    [
      "jdbc:postgresql://[fd00::1]/esb%20db",
      { kind: "postgresql", host: "fd00::1", port: 5432, database: "esb db" },
    ],
  ] as const)
    it(`reads ${url}`, () => {
      assert.deepEqual(parseJdbcUrl(url, HOME), expected);
    });

  for (const [url, complaint] of [
    ["jdbc:oracle:thin:@//db:1521/x", /is not supported: expected jdbc:mysql/],
    ["mysql://db/x", /is not supported/],
    ["jdbc:h2:tcp://db/x", /"jdbc:h2:tcp:" is not supported/],
    ["jdbc:h2:", /names no database/],
    ["jdbc:h2:../..", /names no database/],
    ["jdbc:mysql://a:3306,b:3306/x", /is not understood/],
    ["jdbc:mysql://db:99999/x", /is not understood/],
    ["jdbc:postgresql:esb", /is not understood: expected jdbc:postgresql:\/\/HOST:PORT\/DATABASE/],
  ] as const)
    it(`refuses ${url}`, () => {
      const result = parseJdbcUrl(url, HOME);
      assert.ok(typeof result === "string");
      assert.match(result, complaint);
    });

  it("never repeats a password", () => {
    for (const url of [
      "jdbc:db2://root:hunter2@db/x?password=hunter2",
      "jdbc:mysql://root:hunter2@db/x;password=hunter2",
    ])
      assert.doesNotMatch(JSON.stringify(parseJdbcUrl(url, HOME)), /hunter2/);
  });
});
