/**
 * carbon.xml (`<Server>`): host names, port offset, the deployment repository's folder and interval, and
 * deployment synchronization. Everything else that WSO2 ships in it has no meaning here and is accepted.
 */
import { join, relative } from "node:path";
import { DEPSYNC_DEFAULTS, depsyncRow } from "./deployment-synchronizer.ts";
import {
  branch,
  branches,
  type Draft,
  type ElementTable,
  elementTable,
  leaf,
  readChildren,
} from "./element-table.ts";
import type { NodeConfig } from "./node-config.ts";
import type { NumberRange, Setting, SettingReader } from "./setting-reader.ts";
import { textOf } from "./xml-query.ts";
import type { XmlElement } from "./xml.ts";

/** What carbon.xml says. */
export type CarbonConfig = Pick<
  NodeConfig,
  | "hostName"
  | "mgtHostName"
  | "portOffset"
  | "repositoryLocation"
  | "deploymentUpdateIntervalMs"
  | "depsync"
  | "serverRoles"
>;

/** Ports/Offset and -DportOffset. */
export const PORT_OFFSET: NumberRange = { what: "a port offset", min: 0, max: 50_000 };

const DEPLOYMENT_UPDATE_INTERVAL_S = 15;
const INTERVAL: NumberRange = { what: "a number of seconds", min: 1, max: 86_400 };

const PORTS = elementTable<Draft<CarbonConfig>>(
  {
    Offset: leaf((setting, draft, reader) => {
      draft.portOffset = reader.integer(setting, PORT_OFFSET);
    }),
  },
  `
    JMX EmbeddedLDAP JNDIProviderPort ThriftEntitlementReceivePort EmbeddedQpid
    EmbeddedCassandra WorkerHttpProxyPort WorkerHttpsProxyPort
  `,
);

const AXIS2_CONFIG = elementTable<Draft<CarbonConfig>>(
  {
    RepositoryLocation: leaf((setting, draft, reader) => {
      draft.repositoryLocation = reader.path(setting);
    }),
    DeploymentUpdateInterval: leaf((setting, draft, reader) => {
      const seconds = reader.integer(setting, INTERVAL);
      draft.deploymentUpdateIntervalMs = seconds === undefined ? undefined : seconds * 1000;
    }),
    ConfigurationFile: leaf((setting, _draft, reader) => warnOfOtherAxis2(setting, reader)),
  },
  `
    ServiceGroupContextIdleTime ClientRepositoryLocation clientAxis2XmlLocation
    HideAdminServiceWSDLs HttpAdminServices
  `,
);

const ACCEPTED = `
  Name ServerKey Version ServerURL IndexPageURL Package WebContextRoot
  MgtProxyContextPath ProxyContextPath ItemsPerPage JNDI IsCloudDeployment EnableMetering
  MaxThreadExecutionTime GhostDeployment Tenant Cache ServiceUserRoles CryptoService
  EnableEmailUserName Security WorkDirectory HouseKeeping FileUploadConfig
  HttpGetRequestProcessors MediationConfig ServerInitializers RequireCarbonServlet
  H2DatabaseConfiguration StatisticsReporterDisabled EnableConsoleAccess FeatureRepository
  APIManagement APIManagementConfig Analytics ServerLogTailCommand HideMenuItemIds
  HiddenMenuItems LogOutTimeOut EnableAccessLog
`;

const SERVER_ROLES = elementTable<Draft<CarbonConfig>>({
  Role: branches((element, draft, reader) => {
    const role = reader.setting(textOf(element), element.place);
    if (role) draft.serverRoles = [...(draft.serverRoles ?? []), role.text];
  }),
});

/** -DserverRoles: a list with commas. Undefined: it names none. */
export function rolesOf(text: string | undefined): readonly string[] | undefined {
  const roles = (text ?? "").split(",").map((role) => role.trim());
  const named = roles.filter((role) => role !== "");
  return named.length === 0 ? undefined : named;
}

function serverTable(isWorker: boolean): ElementTable<Draft<CarbonConfig>> {
  return elementTable<Draft<CarbonConfig>>(
    {
      HostName: leaf((setting, draft, reader) => {
        draft.hostName = reader.host(setting);
      }),
      MgtHostName: leaf((setting, draft, reader) => {
        draft.mgtHostName = reader.host(setting);
      }),
      Ports: branch((element, draft, reader) => readChildren(element, PORTS, draft, reader)),
      Axis2Config: branch((element, draft, reader) =>
        readChildren(element, AXIS2_CONFIG, draft, reader),
      ),
      ServerRoles: branch((element, draft, reader) =>
        readChildren(element, SERVER_ROLES, draft, reader),
      ),
      DeploymentSynchronizer: depsyncRow(isWorker),
    },
    ACCEPTED,
  );
}

/** Reads the root element of carbon.xml; undefined (no such file) means all defaults. */
export function readCarbon(
  root: XmlElement | undefined,
  reader: SettingReader,
  isWorker: boolean,
): CarbonConfig {
  const draft: Draft<CarbonConfig> = {};
  if (root) readChildren(root, serverTable(isWorker), draft, reader);
  const hostName = draft.hostName ?? "localhost";
  return {
    hostName,
    mgtHostName: draft.mgtHostName ?? hostName,
    portOffset: draft.portOffset ?? 0,
    repositoryLocation:
      draft.repositoryLocation ?? join(reader.home, "repository", "deployment", "server"),
    deploymentUpdateIntervalMs:
      draft.deploymentUpdateIntervalMs ?? DEPLOYMENT_UPDATE_INTERVAL_S * 1000,
    depsync: draft.depsync ?? DEPSYNC_DEFAULTS,
    ...(draft.serverRoles && { serverRoles: draft.serverRoles }),
  };
}

function warnOfOtherAxis2(setting: Setting, reader: SettingReader): void {
  const path = relative(reader.home, reader.path(setting));
  if (path === "conf/axis2/axis2.xml" || path === "repository/conf/axis2/axis2.xml") return;
  const message = `ConfigurationFile "${setting.text}" is ignored: axis2.xml is read from conf/axis2`;
  reader.problems.warning(setting.place, message);
}
