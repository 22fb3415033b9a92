import assert from "node:assert/strict";
import { test } from "node:test";
import { formatProblem } from "../../../../src/errors/config-error.ts";
import type {
  SqlPort,
  SqlRow,
  SqlStatement,
  SqlTarget,
} from "../../../../src/mediation/sql/sql-port.ts";
import { MediationWorld, proxy, soap } from "../mediation-world.ts";

interface Run {
  readonly target: SqlTarget;
  readonly statements: readonly SqlStatement[];
  readonly transaction: boolean;
}

class ScriptedSql implements SqlPort {
  readonly runs: Run[] = [];
  answer: (statement: SqlStatement) => SqlRow | undefined = () => undefined;

  run(
    target: SqlTarget,
    statements: readonly SqlStatement[],
    transaction: boolean,
  ): Promise<readonly (SqlRow | undefined)[]> {
    this.runs.push({ target, statements, transaction });
    try {
      return Promise.resolve(statements.map((statement) => this.answer(statement)));
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

const POOL = `<connection><pool><driver>com.mysql.jdbc.Driver</driver><url>jdbc:mysql://db:3307/shop?useSSL=false</url>
  <user>u</user><password>secret</password><property name="maxactive" value="4"/></pool></connection>`;

function lookup(statements: string, pool = POOL): string {
  return `<dblookup>${pool}${statements}</dblookup>`;
}

async function ask(sql: ScriptedSql, mediators: string): Promise<string> {
  const world = new MediationWorld(proxy(mediators), { sql });
  await world.ask({ body: soap("<q><id> 7 </id><name>O'Neil; drop table x</name></q>") });
  return world.log.messages().join("\n");
}

test("a lookup binds typed values and puts the first row into properties", async () => {
  const sql = new ScriptedSql();
  sql.answer = () => ({ columns: ["PRICE", "name", "gone"], texts: ["10.50", "x", undefined] });
  const log = await ask(
    sql,
    `${lookup(`<statement><sql>select * from t where id = ? and n = ? and d &gt; ?</sql>
       <parameter expression="//id" type="INTEGER"/><parameter expression="//name" type="VARCHAR"/>
       <parameter value="" type="DATE"/>
       <result name="p" column="price"/><result name="n" column="2"/><result name="g" column="gone"/></statement>`)}
     <log level="custom"><property name="p" expression="$ctx:p"/><property name="n" expression="$ctx:n"/><property name="g" expression="$ctx:g"/></log>`,
  );
  const [run] = sql.runs;
  assert.deepEqual(run?.statements[0]?.values, [7n, "O'Neil; drop table x", null]);
  assert.deepEqual(run.target, {
    kind: "url",
    url: "jdbc:mysql://db:3307/shop?useSSL=false",
    user: "u",
    password: "secret",
    connectionsMax: 4,
  });
  assert.match(log, /p = 10\.50, n = x, g = $/m);
});

test("a later statement may use what an earlier one has found", async () => {
  const sql = new ScriptedSql();
  sql.answer = ({ values }) => ({ columns: ["a"], texts: [`${String(values[0] ?? "")}!`] });
  await ask(
    sql,
    lookup(`<statement><sql>select 1 where 'a' = ?</sql><parameter value="x" type="CHAR"/><result name="r" column="a"/></statement>
      <statement><sql>select 2 where 'a' = ?</sql><parameter expression="$ctx:r" type="CHAR"/></statement>`),
  );
  assert.deepEqual(
    sql.runs.map(({ statements }) => statements[0]?.values),
    [["x"], ["x!"]],
  );
});

test("a report with useTransaction runs all statements as one", async () => {
  const sql = new ScriptedSql();
  const statement =
    '<statement><sql>insert into t values (?)</sql><parameter value="1" type="BIT"/></statement>';
  const pool = "<connection><pool><dsName>jdbc/Shop</dsName></pool></connection>";
  await ask(sql, `<dbreport useTransaction="true">${pool}${statement}${statement}</dbreport>`);
  await ask(sql, `<dbreport>${pool}${statement}${statement}</dbreport>`);
  const shape = sql.runs.map(({ statements, transaction }) => [statements.length, transaction]);
  assert.deepEqual(shape, [
    [2, true],
    [1, false],
    [1, false],
  ]);
  assert.deepEqual(sql.runs[0]?.target, { kind: "datasource", name: "jdbc/Shop" });
  assert.deepEqual(sql.runs[0].statements[0]?.values, [true]);
});

test("what fails is a fault without the password", async () => {
  const sql = new ScriptedSql();
  sql.answer = () => {
    throw new Error("table t does not exist");
  };
  const log = await ask(sql, lookup("<statement><sql>select 1</sql></statement>"));
  assert.match(
    log,
    /Error executing statement : select 1 against DataSource : jdbc:mysql:\/\/db:3307\/shop : table t does not exist/,
  );
  assert.doesNotMatch(log, /secret/);
  const wrong = '<statement><sql>select ?</sql><parameter value="abc" type="INTEGER"/></statement>';
  assert.match(await ask(sql, lookup(wrong)), /"abc" is not of SQL type INTEGER/);
});

test("a column that is not there is a fault", async () => {
  const sql = new ScriptedSql();
  sql.answer = () => ({ columns: ["a"], texts: ["1"] });
  const log = await ask(
    sql,
    lookup('<statement><sql>select 1</sql><result name="r" column="b"/></statement>'),
  );
  assert.match(log, /The result has no column b/);
});

const FAULTS: readonly (readonly [string, RegExp])[] = [
  ["<dblookup/>", /needs a connection with a pool/],
  [lookup(""), /at least one statement/],
  [lookup("<statement><sql> </sql></statement>"), /sql element with text/],
  [
    lookup('<statement><sql>?</sql><parameter value="1" type="BLOB"/></statement>'),
    /Unknown or unsupported JDBC type : BLOB/,
  ],
  [
    lookup('<statement><sql>?</sql><parameter type="CHAR"/></statement>'),
    /'value' or an 'expression'/,
  ],
  [lookup('<statement><sql>1</sql><result name="a"/></statement>'), /'name' and 'column'/],
  [
    lookup(
      "<statement><sql>1</sql></statement>",
      "<connection><pool><url>jdbc:h2:mem:x</url></pool></connection>",
    ),
    /H2 is a Java library/,
  ],
  [
    lookup(
      "<statement><sql>1</sql></statement>",
      "<connection><pool><url>jdbc:derby://localhost:1527/db</url></pool></connection>",
    ),
    /DERBY is a Java library. Use jdbc:mysql/,
  ],
  [
    lookup(
      "<statement><sql>1</sql></statement>",
      "<connection><pool><url>jdbc:oracle:thin:@x</url></pool></connection>",
    ),
    /is not supported: expected jdbc:mysql/,
  ],
  [
    lookup("<statement><sql>1</sql></statement>", "<connection><pool/></connection>"),
    /needs a dsName, or/,
  ],
];

test("faulty artifacts are refused with their reason", () => {
  for (const [mediator, sentence] of FAULTS) {
    const result = new MediationWorld("").compile(proxy(mediator));
    const text = result.kind === "faulty" ? result.problems.map(formatProblem).join() : "compiled";
    assert.match(text, sentence);
  }
});

test("a wrong number of parameters is a warning", () => {
  const world = new MediationWorld(
    proxy(lookup("<statement><sql>select '?' , ? -- ?\n</sql></statement>")),
  );
  assert.match(world.warnings.join(), /has 1 places \("\?"\) and 0 parameters/);
});
