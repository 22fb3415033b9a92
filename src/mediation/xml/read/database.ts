/**
 * Reads `dblookup` and `dbreport` (AbstractDBMediatorFactory):
 *
 *   <dblookup> | <dbreport [useTransaction="true|false"]>
 *     <connection><pool>
 *       <driver/> <url/> <user/> <password/> | <dsName/> [<icClass/> <url/> <user/> <password/>]
 *       <property name="maxactive|.." value=".."/>*
 *     </pool></connection>
 *     <statement>
 *       <sql>..?..</sql>
 *       <parameter (value=".." | expression="xpath") type="VARCHAR|INTEGER|.."/>*
 *       <result name="property" column="name|number"/>*
 *     </statement>+
 */
import { attributeOf, childNamed, childrenNamed, textOf } from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import { parseJdbcUrl } from "../../../config/jdbc-url.ts";
import {
  DatabaseMediator,
  type DatabaseParameter,
  type DatabaseStatement,
} from "../../mediators/database.ts";
import { placeholderCount } from "../../sql/placeholders.ts";
import type { SqlTarget } from "../../sql/sql-port.ts";
import { SQL_TYPES } from "../../sql/sql-types.ts";
import type { MediatorReader, ReadContext } from "./read-context.ts";

/** Most connections that an artifact may ask for. */
const CONNECTIONS_MAX = 50;

export const dbLookupReader: MediatorReader = databaseReader("dblookup");
export const dbReportReader: MediatorReader = databaseReader("dbreport");

function databaseReader(name: "dblookup" | "dbreport"): MediatorReader {
  return {
    name,
    read(element, context) {
      const connection = childNamed(element, "connection");
      const pool = connection && childNamed(connection, "pool");
      if (!pool) return context.error(element, `A ${name} mediator needs a connection with a pool`);
      const target = readTarget(pool, context);
      const statements = readStatements(element, context);
      if (!target || !statements) return undefined;
      const transaction = attributeOf(element, "useTransaction")?.toLowerCase() === "true";
      return new DatabaseMediator({ kind: name, ...target, statements, transaction });
    },
  };
}

interface NamedTarget {
  readonly target: SqlTarget;
  readonly label: string;
}

function childText(element: XmlElement, name: string): string | undefined {
  const child = childNamed(element, name);
  return child && textOf(child);
}

function readTarget(pool: XmlElement, context: ReadContext): NamedTarget | undefined {
  const dsName = childText(pool, "dsName");
  if (dsName !== undefined && dsName !== "")
    return { target: { kind: "datasource", name: dsName }, label: dsName };
  const url = childText(pool, "url");
  if (url === undefined || url === "")
    return context.error(
      pool,
      "The DB connection pool needs a dsName, or a driver with its url, user and password",
    );
  const label = url.replace(/[;?].*$/, "").replace(/\/\/[^/@]*@/, "//");
  const [, library] = /^jdbc:(h2|derby|hsqldb):/i.exec(url) ?? [];
  if (library !== undefined)
    return context.error(
      pool,
      `The database ${label} cannot be reached: ${library.toUpperCase()} is a Java library. Use jdbc:mysql, jdbc:postgresql or jdbc:sqlite`,
    );
  const database = parseJdbcUrl(url, "/");
  if (typeof database === "string")
    return context.error(pool, `The url of the DB connection pool ${database}`);
  const user = childText(pool, "user") ?? "";
  const password = childText(pool, "password") ?? "";
  const connectionsMax = readConnectionsMax(pool, context);
  return { target: { kind: "url", url, user, password, connectionsMax }, label };
}

function readConnectionsMax(pool: XmlElement, context: ReadContext): number | undefined {
  const property = childrenNamed(pool, "property").find(
    (item) => attributeOf(item, "name")?.toLowerCase() === "maxactive",
  );
  const text = property && attributeOf(property, "value")?.trim();
  if (property === undefined || text === undefined) return undefined;
  const most = Number(text);
  if (Number.isInteger(most) && most >= 1) return Math.min(most, CONNECTIONS_MAX);
  context.warning(property, `maxactive "${text}" is no number of connections and is not used`);
  return undefined;
}

function readStatements(
  element: XmlElement,
  context: ReadContext,
): readonly DatabaseStatement[] | undefined {
  const children = childrenNamed(element, "statement");
  if (children.length === 0)
    return context.error(element, `A ${element.name} mediator needs at least one statement`);
  const statements = children.map((child) => readStatement(child, context));
  const read = statements.filter((statement) => statement !== undefined);
  return read.length === statements.length ? read : undefined;
}

function readStatement(element: XmlElement, context: ReadContext): DatabaseStatement | undefined {
  const sql = childText(element, "sql");
  if (sql === undefined || sql === "")
    return context.error(element, "A statement needs an sql element with text");
  const parameters = childrenNamed(element, "parameter").map((child) =>
    readParameter(child, context),
  );
  const results = readResults(element, context);
  const bound = parameters.filter((parameter) => parameter !== undefined);
  if (!results || bound.length !== parameters.length) return undefined;
  const places = placeholderCount(sql);
  if (places !== bound.length)
    context.warning(
      element,
      `The statement has ${places} places ("?") and ${bound.length} parameters: it will fail when it is run`,
    );
  return { sql, parameters: bound, results };
}

function readParameter(element: XmlElement, context: ReadContext): DatabaseParameter | undefined {
  const word = attributeOf(element, "type")?.trim().toUpperCase() ?? "";
  const type = SQL_TYPES.find((known) => known === word);
  if (!type)
    return context.error(
      element,
      `Unknown or unsupported JDBC type : ${word}: one of ${SQL_TYPES.join(", ")}`,
    );
  const source = context.valueSource(element);
  if (source) return { source, type };
  if (attributeOf(element, "expression") === undefined)
    context.error(element, "A parameter needs a 'value' or an 'expression'");
  return undefined;
}

function readResults(
  element: XmlElement,
  context: ReadContext,
): ReadonlyMap<string, string> | undefined {
  const results = new Map<string, string>();
  for (const child of childrenNamed(element, "result")) {
    const name = attributeOf(child, "name");
    const column = attributeOf(child, "column");
    if (name === undefined || column === undefined)
      return context.error(child, "A result needs the attributes 'name' and 'column'");
    results.set(name, column.trim());
  }
  return results;
}
