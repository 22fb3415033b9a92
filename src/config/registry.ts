/**
 * registry.xml (`<wso2registry>`): the registry's datasource, whether this node may write to it, and the
 * mounts of a shared registry. Caching, indexing and handlers are WSO2's own and accepted.
 */
import type { ConfigProblems, SourcePlace } from "../errors/config-error.ts";
import { branches, elementTable, leaf, readChildren, requireChild } from "./element-table.ts";
import type { DatasourceConfig, RegistryConfig } from "./node-config.ts";
import type { Setting, SettingReader } from "./setting-reader.ts";
import { attributeOf } from "./xml-query.ts";
import type { XmlElement } from "./xml.ts";

type Mount = RegistryConfig["mounts"][number];

/** A dbConfig, or the dbConfig and id of a remoteInstance: name → where its datasource stands. */
interface RegistryDraft {
  readOnly?: boolean | undefined;
  currentDbConfig?: Setting;
  readonly dataSources: Map<string, Setting | undefined>;
  readonly instances: Set<string>;
  readonly instanceDbConfigs: Setting[];
  readonly mounts: { readonly mount: Mount; readonly place: SourcePlace }[];
}

const DB_CONFIG = elementTable<{ dataSource?: Setting }>(
  {
    dataSource: leaf((setting, draft) => {
      draft.dataSource = setting;
    }),
  },
  `
    url userName password driverName maxActive maxWait minIdle validationQuery
  `,
);

const REMOTE_INSTANCE = elementTable<{ id?: string; dbConfig?: Setting }>(
  {
    id: leaf((setting, draft) => {
      draft.id = setting.text;
    }),
    dbConfig: leaf((setting, draft) => {
      draft.dbConfig = setting;
    }),
  },
  "readOnly enableCache registryRoot cacheId username password type",
);

const MOUNT = elementTable<{ instanceId?: string; targetPath?: string }>({
  instanceId: leaf((setting, draft) => {
    draft.instanceId = setting.text;
  }),
  targetPath: leaf((setting, draft, reader) => {
    draft.targetPath = registryPath(setting, reader.problems);
  }),
});

const ROOT = elementTable<RegistryDraft>(
  {
    currentDBConfig: leaf((setting, draft) => {
      draft.currentDbConfig = setting;
    }),
    readOnly: leaf((setting, draft, reader) => {
      draft.readOnly = reader.boolean(setting);
    }),
    dbConfig: branches((element, draft, reader) => {
      const dbConfig: { dataSource?: Setting } = {};
      readChildren(element, DB_CONFIG, dbConfig, reader);
      draft.dataSources.set(attributeOf(element, "name") ?? "", dbConfig.dataSource);
    }),
    remoteInstance: branches((element, draft, reader) => {
      const instance: { id?: string; dbConfig?: Setting } = {};
      readChildren(element, REMOTE_INSTANCE, instance, reader);
      requireChild(element, "id", reader);
      draft.instances.add(instance.id ?? "");
      if (instance.dbConfig) draft.instanceDbConfigs.push(instance.dbConfig);
    }),
    mount: branches((element, draft, reader) => {
      draft.mounts.push({ mount: readMount(element, reader), place: element.place });
    }),
  },
  `
    enableCache registryRoot indexingConfiguration handler aspect versionResourcesOnChange
    staticConfiguration queryProcessor cacheConfig
  `,
);

/** Reads the root element of registry.xml; undefined (no such file) means writable, no datasource, no mounts. */
export function readRegistry(
  root: XmlElement | undefined,
  reader: SettingReader,
  datasources: readonly DatasourceConfig[],
): RegistryConfig {
  const draft: RegistryDraft = {
    dataSources: new Map(),
    instances: new Set(),
    instanceDbConfigs: [],
    mounts: [],
  };
  if (root) readChildren(root, ROOT, draft, reader);
  checkReferences(draft, datasources, reader.problems);
  return {
    readOnly: draft.readOnly ?? false,
    datasource: draft.dataSources.get(draft.currentDbConfig?.text ?? "")?.text,
    mounts: draft.mounts.map(({ mount }) => mount),
  };
}

/** What names something else in these files must name something that is there. */
function checkReferences(
  draft: RegistryDraft,
  datasources: readonly DatasourceConfig[],
  problems: ConfigProblems,
): void {
  for (const name of [draft.currentDbConfig, ...draft.instanceDbConfigs])
    if (name && !draft.dataSources.has(name.text))
      problems.error(name.place, `there is no <dbConfig name="${name.text}">`);
  for (const setting of draft.dataSources.values())
    if (setting && !datasources.some(({ jndiName }) => jndiName === setting.text))
      problems.error(
        setting.place,
        `master-datasources.xml has no datasource with the JNDI name "${setting.text}"`,
      );
  for (const { mount, place } of draft.mounts)
    if (!draft.instances.has(mount.instanceId))
      problems.error(place, `there is no <remoteInstance> with the id "${mount.instanceId}"`);
}

function readMount(element: XmlElement, reader: SettingReader): Mount {
  const draft: { instanceId?: string; targetPath?: string } = {};
  readChildren(element, MOUNT, draft, reader);
  requireChild(element, "instanceId", reader);
  requireChild(element, "targetPath", reader);
  const path = reader.setting(attributeOf(element, "path") ?? "", element.place);
  if (!path) reader.problems.error(element.place, "<mount> needs the attribute path");
  const overwrite = reader.setting(attributeOf(element, "overwrite") ?? "false", element.place);
  return {
    path: path ? registryPath(path, reader.problems) : "",
    targetPath: draft.targetPath ?? "",
    instanceId: draft.instanceId ?? "",
    overwrite: (overwrite && reader.word(overwrite, ["true", "false", "virtual"])) ?? "false",
  };
}

function registryPath(setting: Setting, problems: ConfigProblems): string {
  if (!setting.text.startsWith("/"))
    problems.error(setting.place, `"${setting.text}" is not a registry path: it starts with "/"`);
  return setting.text;
}
