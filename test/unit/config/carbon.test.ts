/** carbon.xml: host names, ports, deployment synchronization. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readCarbon } from "../../../src/config/carbon.ts";
import { reading, xml } from "./reading.ts";

function read(content: string | undefined, { isWorker = false, environment = {} } = {}) {
  const { reader, errors, warnings } = reading({}, environment);
  const namespace = "http://wso2.org/projects/carbon/carbon.xml";
  const root =
    content === undefined ? undefined : xml(`<Server xmlns="${namespace}">${content}</Server>`);
  const config = readCarbon(root, reader, isWorker);
  return { config, errors: errors(), warnings: warnings() };
}

const depsync = (content: string, options = {}) =>
  read(
    `<DeploymentSynchronizer><Enabled>true</Enabled>${content}</DeploymentSynchronizer>`,
    options,
  );

describe("carbon.xml", () => {
  it("has its defaults when it is absent", () => {
    assert.deepEqual(read(undefined).config, {
      hostName: "localhost",
      mgtHostName: "localhost",
      portOffset: 0,
      repositoryLocation: "/home/esb/repository/deployment/server",
      deploymentUpdateIntervalMs: 15_000,
      depsync: {
        enabled: false,
        autoCommit: false,
        autoCheckout: true,
        repository: { kind: "own" },
        gitUserName: undefined,
        gitPassword: undefined,
        autoSyncPeriodMs: 60_000,
        mandatoryUpdateIntervalMs: 900_000,
        stageTimeoutMs: 30_000,
        drainTimeMs: 600_000,
        healthWindowMs: 30_000,
      },
    });
  });

  it("reads names, offset, repository and interval", () => {
    const { config, errors, warnings } = read(
      `<HostName>esb.wso2.com</HostName><MgtHostName>mgt.esb.wso2.com</MgtHostName>
       <Ports><Offset>2</Offset><JMX><RMIRegistryPort>9999</RMIRegistryPort></JMX></Ports>
       <Axis2Config>
         <RepositoryLocation>\${carbon.home}/artifacts/</RepositoryLocation>
         <DeploymentUpdateInterval>3</DeploymentUpdateInterval>
         <ConfigurationFile>\${carbon.home}/conf/axis2/axis2.xml</ConfigurationFile>
       </Axis2Config>`,
    );
    assert.deepEqual([...errors, ...warnings], []);
    assert.equal(config.hostName, "esb.wso2.com");
    assert.equal(config.mgtHostName, "mgt.esb.wso2.com");
    assert.equal(config.portOffset, 2);
    assert.equal(config.repositoryLocation, "/home/esb/artifacts");
    assert.equal(config.deploymentUpdateIntervalMs, 3000);
  });

  it("reads the roles of the server", () => {
    const { config, errors, warnings } = read(
      "<ServerRoles><Role>EnterpriseServiceBus</Role><Role> Data.* </Role></ServerRoles>",
    );
    assert.deepEqual([...errors, ...warnings], []);
    assert.deepEqual(config.serverRoles, ["EnterpriseServiceBus", "Data.*"]);
    assert.equal(read("<ServerRoles/>").config.serverRoles, undefined);
  });

  it("takes HostName for MgtHostName when there is none", () => {
    assert.equal(read("<HostName>esb.wso2.com</HostName>").config.mgtHostName, "esb.wso2.com");
  });

  it("tells range and line of a wrong offset and interval", () => {
    const { errors } = read(
      "<Ports>\n<Offset>50001</Offset></Ports>\n<Axis2Config><DeploymentUpdateInterval>0</DeploymentUpdateInterval></Axis2Config>",
    );
    assert.deepEqual(errors, [
      '2: "50001" is not a port offset: expected 0 to 50000',
      '3: "0" is not a number of seconds: expected 1 to 86400',
    ]);
  });

  it("warns when it names an axis2.xml that is not read", () => {
    const { warnings } = read(
      "<Axis2Config><ConfigurationFile>/etc/axis2.xml</ConfigurationFile></Axis2Config>",
    );
    assert.match(warnings[0] ?? "", /ConfigurationFile "\/etc\/axis2.xml" is ignored/);
  });

  it("accepts what else WSO2 has in it, placeholders that nobody knows included", () => {
    const { errors, warnings } = read(
      `<ServerKey>EI</ServerKey><ServerURL>local:/\${carbon.context}/services/</ServerURL>
       <Security><KeyStore><Location>a.jks</Location></KeyStore></Security><Tenant/><Cache/>
       <HttpGetRequestProcessors/><GhostDeployment><Enabled>false</Enabled></GhostDeployment>`,
    );
    assert.deepEqual([...errors, ...warnings], []);
  });
});

describe("DeploymentSynchronizer", () => {
  const SVN =
    "<RepositoryType>svn</RepositoryType><SvnUrl>https://svn/x</SvnUrl><SvnUser>u</SvnUser><SvnPassword>p</SvnPassword><SvnUrlAppendTenantId>true</SvnUrlAppendTenantId>";
  const URL = "<GitBaseUrl>https://git.example.com/esb.git</GitBaseUrl>";

  it("accepts svn with a warning that says which repository is used", () => {
    const own = depsync(SVN);
    assert.deepEqual(own.config.depsync.repository, { kind: "own" });
    assert.match(
      own.warnings.join(),
      /"svn" is not supported: the manager's own git repository is used/,
    );
    const remote = depsync(SVN + URL);
    assert.deepEqual(remote.config.depsync.repository, {
      kind: "remote",
      url: "https://git.example.com/esb.git",
    });
    assert.match(
      remote.warnings.join(),
      /https:\/\/git.example.com\/esb.git \(GitBaseUrl\) is used/,
    );
    assert.equal(own.warnings.length + remote.warnings.length, 2);
  });

  it("says nothing of svn when synchronization is off, as WSO2 ships it", () => {
    const { config, warnings } = read(
      `<DeploymentSynchronizer><Enabled>false</Enabled>${SVN}</DeploymentSynchronizer>`,
    );
    assert.deepEqual(warnings, []);
    assert.equal(config.depsync.enabled, false);
  });

  it("reads git with user and password", () => {
    const { config, errors, warnings } = depsync(
      `<RepositoryType>git</RepositoryType>${URL}<AutoCommit>true</AutoCommit><GitUserName>esb</GitUserName><GitPassword>env:GIT_PASSWORD</GitPassword>`,
      { environment: { GIT_PASSWORD: "s3cret" } },
    );
    assert.deepEqual([...errors, ...warnings], []);
    assert.equal(config.depsync.autoCommit, true);
    assert.equal(config.depsync.gitUserName, "esb");
    assert.equal(config.depsync.gitPassword, "s3cret");
  });

  it("refuses registry and types that nobody knows", () => {
    const type = (word: string) => depsync(`<RepositoryType>${word}</RepositoryType>`).errors;
    assert.match(type("registry")[0] ?? "", /"registry" is not supported: write "git"/);
    assert.match(type("cvs")[0] ?? "", /No Repository found for type cvs/);
  });

  for (const [given, url] of [
    ["ssh://git@host/esb.git", "ssh://git@host/esb.git"],
    ["git@host:esb/esb.git", "git@host:esb/esb.git"],
    ["file:///srv/esb.git", "file:///srv/esb.git"],
    ["/srv/esb.git", "/srv/esb.git"],
    ["repository/esb.git", "/home/esb/repository/esb.git"],
  ] as const)
    it(`takes ${given} as a repository`, () => {
      const { config, errors } = depsync(
        `<RepositoryType>git</RepositoryType><GitBaseUrl>${given}</GitBaseUrl>`,
      );
      assert.deepEqual(errors, []);
      assert.deepEqual(config.depsync.repository, { kind: "remote", url });
    });

  for (const given of [
    "ext::sh -c id",
    "--upload-pack=id",
    "javascript:x",
    "https:",
    "x@-oProxy:y",
    "ssh://-oProxyCommand=id/x",
    "host:",
    "git@host:-x",
  ])
    it(`refuses ${given} as a repository`, () => {
      assert.match(
        depsync(`<GitBaseUrl>${given}</GitBaseUrl>`).errors[0] ?? "",
        /GitBaseUrl is not the address of a git repository/,
      );
    });

  it("refuses a password in the URL without repeating it", () => {
    const { errors } = depsync("<GitBaseUrl>https://u:hunter2@host/x.git</GitBaseUrl>");
    assert.match(
      errors[0] ?? "",
      /GitBaseUrl must not hold a password: write it into <GitPassword>/,
    );
    assert.doesNotMatch(errors.join(), /hunter2/);
  });

  it("never commits on a worker, and says so", () => {
    const { config, warnings } = depsync("<AutoCommit>true</AutoCommit>", { isWorker: true });
    assert.equal(config.depsync.autoCommit, false);
    assert.match(warnings[0] ?? "", /AutoCommit is true on a worker/);
    assert.deepEqual(depsync("<AutoCommit>false</AutoCommit>", { isWorker: true }).warnings, []);
  });

  it("uses 900 seconds where the mandatory interval is not above 300, as WSO2 does", () => {
    const interval = (seconds: number) =>
      depsync(`<MandatoryRepositoryUpdateInterval>${seconds}</MandatoryRepositoryUpdateInterval>`);
    const short = interval(300);
    assert.equal(short.config.depsync.mandatoryUpdateIntervalMs, 900_000);
    assert.match(short.warnings[0] ?? "", /must be above 300, 900 is used/);
    assert.equal(interval(301).config.depsync.mandatoryUpdateIntervalMs, 301_000);
  });

  it("reads periods and times, in seconds", () => {
    const { config, errors } = depsync(
      "<AutoSyncPeriod>20</AutoSyncPeriod><StageTimeout>5</StageTimeout><DrainTime>0</DrainTime><HealthWindow>0</HealthWindow>",
    );
    assert.deepEqual(errors, []);
    const { autoSyncPeriodMs, stageTimeoutMs, drainTimeMs, healthWindowMs } = config.depsync;
    assert.deepEqual(
      [autoSyncPeriodMs, stageTimeoutMs, drainTimeMs, healthWindowMs],
      [20_000, 5_000, 0, 0],
    );
    assert.match(
      depsync("<StageTimeout>0</StageTimeout>").errors[0] ?? "",
      /"0" is not a number of seconds: expected 1 to 86400/,
    );
  });

  it("appends the super tenant's id to GitBaseUrl where it is asked to, and only then", () => {
    const url = (more: string) => {
      const { repository } = depsync(`<GitBaseUrl>https://git/esb/</GitBaseUrl>${more}`).config
        .depsync;
      return repository.kind === "remote" ? repository.url : "own";
    };
    assert.equal(url(""), "https://git/esb/");
    assert.equal(url("<SvnUrlAppendTenantId>true</SvnUrlAppendTenantId>"), "https://git/esb/");
    const asked = "<GitUrlAppendTenantId>true</GitUrlAppendTenantId>";
    assert.equal(url(asked), "https://git/esb/-1234");
    assert.deepEqual(depsync(asked).config.depsync.repository, { kind: "own" });
  });

  it("warns where StandardDeployment leaves the repository to a service that is not there", () => {
    const word = (text: string) => depsync(`<StandardDeployment>${text}</StandardDeployment>`);
    assert.match(word("false").warnings.join(), /StandardDeployment false .* there is none here/);
    assert.deepEqual(word("true").warnings, []);
  });

  for (const form of ["${env:GIT_PASSWORD}", "$env{GIT_PASSWORD}", "env:GIT_PASSWORD"])
    it(`takes the password from the environment as ${form}, and says when it is not there`, () => {
      const content = `<GitPassword>${form}</GitPassword>`;
      const there = depsync(content, { environment: { GIT_PASSWORD: "s3cret" } });
      assert.deepEqual(there.errors, []);
      assert.equal(there.config.depsync.gitPassword, "s3cret");
      assert.match(depsync(content).errors.join(), /GIT_PASSWORD/);
    });
});
