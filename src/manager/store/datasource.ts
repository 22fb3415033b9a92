/**
 * Which database holds the manager's tables: the datasource that registry.xml names (WSO2 keeps users and
 * registry in the same one), read from master-datasources.xml; without these files an SQLite file in
 * <home>/repository/database/.
 */
import { join } from "node:path";
import type { DatasourceConfig, NodeConfig } from "../../config/node-config.ts";
import { AppError } from "../../errors/app-error.ts";

/** WSO2's name of the datasource for users and registry. */
const CARBON_DATASOURCE = "WSO2_CARBON_DB";

type StoreConfig = Pick<NodeConfig, "home" | "datasources" | "registry">;

/**
 * @returns the SQLite file.
 * @throws AppError CONFIG_INVALID when registry.xml names a datasource that does not exist, or the datasource is a
 * database server.
 */
export function databaseFileOf(config: StoreConfig): string {
  const datasource = chooseDatasource(config);
  if (!datasource) return join(config.home, "repository", "database", "WSO2CARBON_DB.db");
  if (datasource.database.kind === "sqlite") return datasource.database.file;
  const message =
    `datasource ${datasource.name} is a ${datasource.database.kind} server, but this version keeps the manager's ` +
    "tables in the embedded database only; give the datasource an SQLite url in master-datasources.xml";
  throw new AppError("CONFIG_INVALID", message, { side: "config" });
}

function chooseDatasource(config: StoreConfig): DatasourceConfig | undefined {
  const wanted = config.registry.datasource;
  if (wanted === undefined)
    return config.datasources.find(({ name }) => name === CARBON_DATASOURCE);
  const found = config.datasources.find(
    ({ name, jndiName }) => jndiName === wanted || name === wanted,
  );
  if (found) return found;
  const message = `registry.xml names the datasource ${wanted}, which master-datasources.xml does not define`;
  throw new AppError("CONFIG_INVALID", message, { side: "config" });
}
