/**
 * datasources/master-datasources.xml: the databases by name. Pool sizes, validation queries and drivers are
 * Java's business and accepted; what counts is where the database is and who logs in.
 */
import { join } from "node:path";
import type { SourcePlace } from "../errors/config-error.ts";
import {
  branch,
  branches,
  elementTable,
  leaf,
  readChildren,
  requireChild,
} from "./element-table.ts";
import { parseJdbcUrl } from "./jdbc-url.ts";
import type { DatasourceConfig } from "./node-config.ts";
import type { Setting, SettingReader } from "./setting-reader.ts";
import { attributeOf, childNamed } from "./xml-query.ts";
import type { XmlElement } from "./xml.ts";

interface DatasourceDraft {
  name?: string;
  jndiName?: string;
  url?: Setting;
  username?: string;
  password?: string | undefined;
  /** The `<configuration>` element. */
  configuration?: XmlElement;
}

const CONFIGURATION = elementTable<DatasourceDraft>(
  {
    url: leaf((setting, draft) => {
      draft.url = setting;
    }),
    username: leaf((setting, draft) => {
      draft.username = setting.text;
    }),
    password: leaf((setting, draft, reader) => {
      draft.password = reader.secret(setting);
    }),
  },
  `
    abandonWhenPercentageFull accessToUnderlyingConnectionAllowed alternateUsernameAllowed
    commitOnReturn connectionProperties databaseProps dataSourceClassName dataSourceProps
    defaultAutoCommit defaultCatalog defaultReadOnly defaultTransactionIsolation
    driverClassName fairQueue ignoreExceptionOnPreLoad initialSize initSQL
    jdbcInterceptors jmxEnabled logAbandoned maxActive maxAge maxIdle maxWait
    minEvictableIdleTimeMillis minIdle numTestsPerEvictionRun propagateInterruptState
    removeAbandoned removeAbandonedTimeout rollbackOnReturn suspectTimeout testOnBorrow
    testOnConnect testOnReturn testWhileIdle timeBetweenEvictionRunsMillis
    useDisposableConnectionFacade useEquals validationInterval validationQuery
    validationQueryTimeout validatorClassName
  `,
);

const JNDI_CONFIG = elementTable<DatasourceDraft>(
  {
    name: leaf((setting, draft) => {
      draft.jndiName = setting.text;
    }),
  },
  "environment",
);

const DEFINITION = elementTable<DatasourceDraft>({
  configuration: branch((element, draft, reader) => {
    draft.configuration = element;
    readChildren(element, CONFIGURATION, draft, reader);
  }),
});

const DATASOURCE = elementTable<DatasourceDraft>(
  {
    name: leaf((setting, draft) => {
      draft.name = setting.text;
    }),
    jndiConfig: branch((element, draft, reader) =>
      readChildren(element, JNDI_CONFIG, draft, reader),
    ),
    definition: branch((element, draft, reader) =>
      readChildren(element, DEFINITION, draft, reader),
    ),
  },
  "description",
);

const DATASOURCES = elementTable<DatasourceConfig[]>({
  datasource: branches((element, datasources, reader) => {
    const datasource = readDatasource(element, reader);
    if (!datasource) return;
    if (datasources.some(({ name }) => name === datasource.name))
      reader.problems.error(element.place, `the datasource "${datasource.name}" stands twice`);
    datasources.push(datasource);
  }),
});

const ROOT = elementTable<DatasourceConfig[]>(
  {
    datasources: branch((element, datasources, reader) =>
      readChildren(element, DATASOURCES, datasources, reader),
    ),
  },
  "providers",
);

/** Reads the root element of master-datasources.xml; undefined (no such file) means the embedded WSO2_CARBON_DB. */
export function readDatasources(
  root: XmlElement | undefined,
  reader: SettingReader,
): readonly DatasourceConfig[] {
  if (!root) return [embeddedDatasource(reader.home)];
  const datasources: DatasourceConfig[] = [];
  readChildren(root, ROOT, datasources, reader);
  return datasources;
}

function embeddedDatasource(home: string): DatasourceConfig {
  const file = join(home, "repository", "database", "WSO2CARBON_DB.sqlite");
  return {
    name: "WSO2_CARBON_DB",
    jndiName: "jdbc/WSO2CarbonDB",
    database: { kind: "sqlite", file },
  };
}

function readDatasource(element: XmlElement, reader: SettingReader): DatasourceConfig | undefined {
  if (!isRelational(element, reader)) return undefined;
  const draft: DatasourceDraft = {};
  readChildren(element, DATASOURCE, draft, reader);
  requireChild(element, "name", reader);
  const { name = "", jndiName } = draft;
  const database = readDatabase(draft, element.place, reader);
  return database && { name, jndiName, database };
}

function isRelational(element: XmlElement, reader: SettingReader): boolean {
  const definition = childNamed(element, "definition");
  const type = definition && attributeOf(definition, "type");
  if (type === undefined || type === "RDBMS") return true;
  const message = `a datasource of the type "${type}" is ignored: only RDBMS is supported`;
  reader.problems.warning(element.place, message);
  return false;
}

function readDatabase(
  draft: DatasourceDraft,
  place: SourcePlace,
  reader: SettingReader,
): DatasourceConfig["database"] | undefined {
  const { configuration, url, username = "", password = "" } = draft;
  if (!configuration) {
    reader.problems.error(place, "<datasource> needs <definition> with <configuration>");
    return undefined;
  }
  requireChild(configuration, "url", reader);
  if (!url) return undefined;
  const database = parseJdbcUrl(url.text, reader.home);
  if (typeof database === "string") {
    reader.problems.error(url.place, database);
    return undefined;
  }
  if (database.kind === "sqlite") return database;
  requireChild(configuration, "username", reader);
  return { ...database, username, password };
}
