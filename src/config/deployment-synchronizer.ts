/**
 * carbon.xml `<DeploymentSynchronizer>`: from where a node gets its artifacts. WSO2's elements for svn are
 * accepted, but the repository is always git: GitBaseUrl, or the manager's own. Called by `carbon.ts`.
 */
import type { SourcePlace } from "../errors/config-error.ts";
import { branch, type Draft, elementTable, leaf, readChildren } from "./element-table.ts";
import type { DepsyncConfig } from "./node-config.ts";
import { parseRepositoryAddress, withTenantId } from "./repository-address.ts";
import type { NumberRange, Setting, SettingReader } from "./setting-reader.ts";

/** Upper bound between two looks at the repository when nothing says otherwise: WSO2's 900 seconds. */
const MANDATORY_INTERVAL_S = 900;
/** WSO2 refuses upper bounds at or below this, because it draws the interval from 300 s upwards. */
const MANDATORY_INTERVAL_S_MIN = 300;
const DAY_S = 86_400;
/** WSO2's default of AutoSyncPeriod. */
const AUTO_SYNC_S = 60;

export const DEPSYNC_DEFAULTS: DepsyncConfig = {
  enabled: false,
  autoCommit: false,
  autoCheckout: true,
  repository: { kind: "own" },
  gitUserName: undefined,
  gitPassword: undefined,
  autoSyncPeriodMs: AUTO_SYNC_S * 1000,
  mandatoryUpdateIntervalMs: MANDATORY_INTERVAL_S * 1000,
  stageTimeoutMs: 30_000,
  drainTimeMs: 600_000,
  healthWindowMs: 30_000,
};

interface DepsyncDraft extends Draft<Omit<DepsyncConfig, "repository">> {
  repositoryType?: Setting;
  gitBaseUrl?: Setting;
  appendsTenantId?: boolean | undefined;
  autoCommitPlace?: SourcePlace;
}

const ROWS = elementTable<DepsyncDraft>(
  {
    Enabled: leaf((setting, draft, reader) => {
      draft.enabled = reader.boolean(setting);
    }),
    AutoCommit: leaf((setting, draft, reader) => {
      draft.autoCommit = reader.boolean(setting);
      draft.autoCommitPlace = setting.place;
    }),
    AutoCheckout: leaf((setting, draft, reader) => {
      draft.autoCheckout = reader.boolean(setting);
    }),
    StandardDeployment: leaf((setting, _draft, reader) => warnOfStratos(setting, reader)),
    RepositoryType: leaf((setting, draft) => {
      draft.repositoryType = setting;
    }),
    MandatoryRepositoryUpdateInterval: leaf((setting, draft, reader) => {
      draft.mandatoryUpdateIntervalMs = mandatoryIntervalMs(setting, reader);
    }),
    AutoSyncPeriod: leaf((setting, draft, reader) => {
      draft.autoSyncPeriodMs = milliseconds(setting, reader, 1);
    }),
    StageTimeout: leaf((setting, draft, reader) => {
      draft.stageTimeoutMs = milliseconds(setting, reader, 1);
    }),
    DrainTime: leaf((setting, draft, reader) => {
      draft.drainTimeMs = milliseconds(setting, reader, 0);
    }),
    HealthWindow: leaf((setting, draft, reader) => {
      draft.healthWindowMs = milliseconds(setting, reader, 0);
    }),
    GitServer: leaf((setting, _draft, reader) => warnOfGitServer(setting, reader)),
    GitBaseUrl: leaf((setting, draft) => {
      draft.gitBaseUrl = setting;
    }),
    GitUrlAppendTenantId: leaf((setting, draft, reader) => {
      draft.appendsTenantId = reader.boolean(setting);
    }),
    GitUserName: leaf((setting, draft) => {
      draft.gitUserName = setting.text;
    }),
    GitPassword: leaf((setting, draft, reader) => {
      draft.gitPassword = reader.secret(setting);
    }),
  },
  `
    SvnUrl SvnUser SvnPassword SvnUrlAppendTenantId SvnIgnoreExternals SvnForceUpdate
    SvnClient UseEventing PoolSize
  `,
);

/** The row of carbon.xml; a worker never commits, whatever AutoCommit says. */
export function depsyncRow(isWorker: boolean) {
  return branch<{ depsync?: DepsyncConfig | undefined }>((element, carbon, reader) => {
    const draft: DepsyncDraft = {};
    readChildren(element, ROWS, draft, reader);
    carbon.depsync = {
      ...DEPSYNC_DEFAULTS,
      ...givenSettings(draft),
      autoCommit: autoCommitOf(draft, isWorker, reader),
      repository: repositoryOf(draft, reader),
    };
  });
}

/** What the file says and needs no more thought. */
function givenSettings(draft: DepsyncDraft): Partial<DepsyncConfig> {
  const { repositoryType: _type, gitBaseUrl: _url, appendsTenantId: _tenant, ...rest } = draft;
  const { autoCommitPlace: _place, ...settings } = rest;
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

function autoCommitOf(draft: DepsyncDraft, isWorker: boolean, reader: SettingReader): boolean {
  const autoCommit = draft.autoCommit ?? DEPSYNC_DEFAULTS.autoCommit;
  if (isWorker && autoCommit && draft.autoCommitPlace)
    reader.problems.warning(
      draft.autoCommitPlace,
      "AutoCommit is true on a worker: a worker changes nothing, so it is taken as false",
    );
  return autoCommit && !isWorker;
}

/** The type means something only where synchronization is on; WSO2 ships it off, with type svn. */
function repositoryOf(draft: DepsyncDraft, reader: SettingReader): DepsyncConfig["repository"] {
  const base = draft.gitBaseUrl && repositoryUrl(draft.gitBaseUrl, reader);
  const url = base !== undefined && draft.appendsTenantId === true ? withTenantId(base) : base;
  const type = draft.repositoryType;
  if (draft.enabled && type) checkType(type, url, reader);
  return url === undefined ? { kind: "own" } : { kind: "remote", url };
}

function checkType(type: Setting, url: string | undefined, reader: SettingReader): void {
  switch (type.text.toLowerCase()) {
    case "git":
      return;
    case "svn": {
      const used =
        url === undefined
          ? "the manager's own git repository is used instead of SvnUrl"
          : `the git repository ${url} (GitBaseUrl) is used instead of SvnUrl`;
      const message = `RepositoryType "svn" is not supported: ${used}; write "git" to confirm`;
      reader.problems.warning(type.place, message);
      return;
    }
    case "registry":
      reader.problems.error(
        type.place,
        'RepositoryType "registry" is not supported: write "git", with GitBaseUrl or without it for the manager\'s own repository',
      );
      return;
    default:
      reader.problems.error(
        type.place,
        `No Repository found for type ${type.text}: expected "git" or "svn"`,
      );
  }
}

function repositoryUrl(setting: Setting, reader: SettingReader): string | undefined {
  const address = parseRepositoryAddress(setting.text, reader.home);
  if ("url" in address) return address.url;
  reader.problems.error(setting.place, `GitBaseUrl ${address.complaint}`);
  return undefined;
}

function mandatoryIntervalMs(setting: Setting, reader: SettingReader): number | undefined {
  const givenMs = milliseconds(setting, reader, 1);
  if (givenMs === undefined || givenMs > MANDATORY_INTERVAL_S_MIN * 1000) return givenMs;
  const bound = `it must be above ${MANDATORY_INTERVAL_S_MIN}, ${MANDATORY_INTERVAL_S} is used`;
  const message = `MandatoryRepositoryUpdateInterval ${givenMs / 1000} is too short: ${bound}`;
  reader.problems.warning(setting.place, message);
  return MANDATORY_INTERVAL_S * 1000;
}

/** A number of seconds, up to a day. */
function milliseconds(setting: Setting, reader: SettingReader, min: number): number | undefined {
  const range: NumberRange = { what: "a number of seconds", min, max: DAY_S };
  const seconds = reader.integer(setting, range);
  return seconds === undefined ? undefined : seconds * 1000;
}

/** false stands for WSO2's private cloud, whose service tells each tenant's repository. */
function warnOfStratos(setting: Setting, reader: SettingReader): void {
  if (reader.boolean(setting) !== false) return;
  const message =
    "StandardDeployment false means that a service of Apache Stratos tells the repository: there is none here, and GitBaseUrl, GitUserName and GitPassword count as with true";
  reader.problems.warning(setting.place, message);
}

function warnOfGitServer(setting: Setting, reader: SettingReader): void {
  if (setting.text.toLowerCase() === "unspecified") return;
  const message = `GitServer "${setting.text}" is not supported: GitBaseUrl is taken as the whole address of one repository`;
  reader.problems.warning(setting.place, message);
}
