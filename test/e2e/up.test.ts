/**
 * `bascule up` as its user meets it: one command, real processes, real sockets. One cluster for the whole file; the
 * tests build on one another in the order of the README's "What to look at".
 */
import assert from "node:assert/strict";
import { cpSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { freeOffset } from "../helpers/free-offset.ts";
import { eventually, request } from "../helpers/http-request.ts";
import { NodeProcess, runBascule } from "../helpers/node-process.ts";
import { RunningCluster } from "../helpers/running-cluster.ts";

let cluster: RunningCluster;

before(async () => {
  cluster = await RunningCluster.start();
});
after(async () => {
  await cluster[Symbol.asyncDispose]();
});

const proxyFile = (name: string): string =>
  join(
    cluster.home,
    "manager/repository/deployment/server/synapse-configs/default/proxy-services",
    `${name}.xml`,
  );

function respondingProxy(name: string, answer: string): string {
  return `<proxy xmlns="http://ws.apache.org/ns/synapse" name="${name}" transports="http https">
  <target>
    <inSequence>
      <payloadFactory media-type="json"><format>{"answer":"${answer}"}</format></payloadFactory>
      <respond/>
    </inSequence>
  </target>
</proxy>
`;
}

test("prints the nodes, the URLs, the admin's password and curl lines", () => {
  const { text } = cluster.up;
  for (const name of ["backend", "manager", "worker-1", "worker-2", "gateway"]) {
    assert.match(text, new RegExp(`^  ${name} +active +\\d+`, "m"));
  }
  assert.match(text, new RegExp(`Console +${cluster.consoleOrigin}/carbon/`));
  assert.match(text, /Sign in as +admin, password: \S{20}$/m);
  assert.match(text, /curl http:\/\/esb\.localhost/);
});

test("every node sees the other members join", async () => {
  for (const name of ["manager", "worker-1", "worker-2", "gateway"]) {
    await eventually(`three members joined at ${name}`, async () => {
      const joined = cluster.up.text.match(
        new RegExp(`\\[${name}\\].*Member joined \\[[0-9a-f-]{36}\\]: /127\\.0\\.0\\.1:\\d+`, "g"),
      );
      return (joined?.length ?? 0) >= 3 ? true : undefined;
    });
  }
});

test("status --json has the documented fields", async () => {
  const status = await cluster.status();
  assert.deepEqual(Object.keys(status).toSorted(), ["nodes", "urls"]);
  assert.equal(status.urls.services, cluster.services);
  const worker = status.nodes.find(({ name }) => name === "worker-1");
  assert.equal(worker?.state, "active");
  assert.equal(worker?.role, "worker");
  assert.match(worker?.revision ?? "", /^[0-9a-f]{40}$/);
  assert.equal(worker?.members.length, 4);
  assert.ok(worker?.addresses.includes(`http://127.0.0.1:${8280 + cluster.offset}`));
});

test("keys and passwords are readable by their owner only, and the files hold no 1024-bit RSA", () => {
  for (const file of [
    "tls/ca.key",
    "worker-1/conf/tls/node.key",
    "worker-1/conf/cluster-password",
  ]) {
    assert.equal(statSync(join(cluster.home, file)).mode & 0o077, 0, file);
  }
  assert.match(readFileSync(join(cluster.home, "gateway/conf/gateway.conf"), "utf8"), /^#/);
});

test("HTTP requests go round the workers, which log them", async () => {
  const earlier = [cluster.served("worker-1"), cluster.served("worker-2")];
  for (let count = 0; count < 6; count += 1) {
    const { status, body } = await cluster.quote();
    assert.equal(status, 200);
    assert.match(body, /getQuoteResponse.*IBM Company/s);
  }
  await eventually("three requests on each worker", async () => {
    const counts = [cluster.served("worker-1"), cluster.served("worker-2")];
    return counts.every((count, index) => count - (earlier[index] ?? 0) === 3) ? true : undefined;
  });
});

test("HTTPS requests with the learned JSESSIONID stay on one worker", async () => {
  const total = (): number => cluster.served("worker-1") + cluster.served("worker-2");
  const linesBefore = total();
  const first = await cluster.secureQuote();
  // Its log line comes by another way than its answer, and must not be counted with the six.
  await eventually("the first log line", async () =>
    total() === linesBefore + 1 ? true : undefined,
  );
  const cookie = first.headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
  assert.match(cookie, /^JSESSIONID=/);
  const earlier = [cluster.served("worker-1"), cluster.served("worker-2")];
  for (let count = 0; count < 6; count += 1) {
    assert.equal((await cluster.secureQuote(cookie)).status, 200);
  }
  await eventually("six more log lines", async () => {
    const more = [cluster.served("worker-1"), cluster.served("worker-2")].map(
      (count, index) => count - (earlier[index] ?? 0),
    );
    assert.ok(!(more[0] && more[1]), `both workers served the session: ${more.join()}`);
    return more[0] === 6 || more[1] === 6 ? true : undefined;
  });
});

test("the WSDL carries the gateway's address", async () => {
  const { status, body } = await request(`${cluster.services}StockQuoteProxy?wsdl`);
  assert.equal(status, 200);
  assert.ok(
    body.includes(`http://esb.localhost:${8080 + cluster.offset}/services/StockQuoteProxy`),
  );
});

test("a file saved on the manager runs on every worker without a restart", async () => {
  writeFileSync(proxyFile("Saved"), respondingProxy("Saved", "one"));
  await eventually("Saved answers on both workers", async () => {
    const bodies = [await cluster.quote("Saved"), await cluster.quote("Saved")].map(
      ({ body }) => body,
    );
    return bodies.every((body) => body.includes('{"answer":"one"}')) ? true : undefined;
  });
  assert.match(cluster.up.text, /\[manager\].*Sent \[SynchronizeRepositoryRequest\{tenantId=-1234/);
  assert.match(
    cluster.up.text,
    /\[worker-1\].*Received \[SynchronizeRepositoryRequest\{tenantId=-1234/,
  );
  assert.match(
    cluster.up.text,
    /\[worker-2\].*Proxy service named 'Saved' has been deployed from file/,
  );
});

test("bascule deploy and undeploy change all workers", async () => {
  const file = join(cluster.dir, "Cli.xml");
  writeFileSync(file, respondingProxy("Cli", "deployed"));
  const flags = ["--dir", cluster.home, "--manager", `https://127.0.0.1:${9443 + cluster.offset}`];
  const deployed = await runBascule(["deploy", file, ...flags]);
  assert.equal(deployed.status, 0, deployed.text);
  await eventually("Cli answers on both workers", async () => {
    const answers = [await cluster.quote("Cli"), await cluster.quote("Cli")];
    return answers.every(({ body }) => body.includes("deployed")) ? true : undefined;
  });
  await eventually("the manager's folder has the file too", () =>
    Promise.resolve(existsSync(proxyFile("Cli")) ? true : undefined),
  );
  const gone = await runBascule(["undeploy", "proxy-service", "Cli", ...flags]);
  assert.equal(gone.status, 0, gone.text);
  await eventually("Cli is gone on both workers", async () => {
    const answers = [await cluster.quote("Cli"), await cluster.quote("Cli")];
    return answers.every(({ status }) => status === 202) ? true : undefined;
  });
});

test("a faulty artifact is refused with file, line and reason, and what ran keeps running", async () => {
  const running = (await cluster.node("worker-1")).revision;
  const file = join(cluster.dir, "Faulty.xml");
  const text = respondingProxy("Saved", "two").replace("<respond/>", "<nosuchmediator/>");
  writeFileSync(file, text);
  const flags = ["--dir", cluster.home, "--manager", `https://127.0.0.1:${9443 + cluster.offset}`];
  const refused = await runBascule(["deploy", file, ...flags]);
  assert.equal(refused.status, 1);
  assert.match(refused.text, /Faulty\.xml:5.*nosuchmediator/);
  writeFileSync(proxyFile("Faulty"), text.replaceAll("Saved", "Faulty"));
  await cluster.up.line(
    /\[manager\].*Deployment of the Synapse Artifact from file : .*Faulty\.xml : Failed!/,
  );
  await cluster.up.line(/\[manager\].*nosuchmediator.* in .*Faulty\.xml:5/);
  assert.equal((await cluster.quote("Saved")).body.trim(), '{"answer":"one"}');
  assert.equal((await cluster.node("worker-1")).revision, running);
});

test("workers answer 403 with a sentence to anything that would change them", async () => {
  const url = `https://127.0.0.1:${9444 + cluster.offset}/management/deployments`;
  const { status, body } = await request(url, {
    method: "POST",
    body: "<proxy/>",
    ca: cluster.authority,
  });
  assert.equal(status, 403);
  assert.match(body, /worker-1 is a worker and changes nothing: make changes on the manager/);
});

test("the console answers through the gateway and sends to its own page", async () => {
  const options = { ca: cluster.authority };
  const { status, headers } = await request(`${cluster.consoleOrigin}/`, options);
  assert.ok(status >= 300 && status < 400, String(status));
  const target = new URL(headers.location ?? "", cluster.consoleOrigin).href;
  assert.equal(target, `${cluster.consoleOrigin}/carbon/`);
  assert.equal((await request(target, options)).status, 200);
});

test("a third worker made by copying a home joins and takes traffic, and the log says that its port moved on", async () => {
  cpSync(join(cluster.home, "worker-1"), join(cluster.home, "worker-3"), { recursive: true });
  const args = ["server", "--home", join(cluster.home, "worker-3"), "-DworkerNode=true"];
  const third = new NodeProcess([...args, `-DportOffset=${2 + cluster.offset}`]);
  try {
    await third.line(/localMemberPort \d+ is taken, using \d+/);
    await third.line(/Bascule worker worker-3 started/);
    await eventually("worker-3 serves", async () => {
      await cluster.quote();
      return third.countOf(/LogMediator To: .*Direction: request/) > 0 ? true : undefined;
    });
    const status = await cluster.node("worker-3");
    assert.deepEqual([status.state, status.pid], ["active", third.pid]);
    const one = (await cluster.node("worker-1")).members.find(({ name }) => name === "worker-1");
    const three = (await cluster.node("worker-1")).members.find(({ name }) => name === "worker-3");
    assert.notEqual(one?.id, three?.id);
    assert.equal(await third.stop(), 0);
    await cluster.up.line(/\[manager\].*Member left \[[0-9a-f-]{36}\]: /, 3_000);
  } finally {
    third.kill("SIGKILL");
  }
});

test("a killed worker is reported, seen to leave within 3 s, and the others go on", async () => {
  const { pid, addresses } = await cluster.node("worker-2");
  assert.ok(pid);
  const address = addresses.find((one) => one.startsWith("cluster://"))?.slice("cluster://".length);
  process.kill(pid, "SIGKILL");
  const killedMs = Date.now();
  for (const node of ["manager", "worker-1", "gateway"]) {
    await cluster.up.line(new RegExp(`\\[${node}\\].*Member left \\[.*\\]: /${address}`), 3_000);
  }
  assert.ok(Date.now() - killedMs <= 3_000);
  await cluster.up.line(/worker-2 has ended \(SIGKILL\); the other nodes go on/);
  assert.equal((await cluster.node("worker-2")).state, "failed");
  for (let count = 0; count < 4; count += 1) assert.equal((await cluster.quote()).status, 200);
});

test("a restart keeps what users wrote and what was deployed, and is up quickly", async () => {
  const file = join(cluster.home, "worker-1/conf/carbon.xml");
  const edited = readFileSync(file, "utf8").replace(
    "<HostName>esb.localhost<",
    "<HostName>my.localhost<",
  );
  writeFileSync(file, edited);
  const startedMs = Date.now();
  await cluster.restart();
  assert.ok(Date.now() - startedMs < 15_000);
  assert.equal(readFileSync(file, "utf8"), edited);
  await cluster.commonRevision(["worker-1", "worker-2"]);
  assert.equal((await cluster.quote("Saved")).body.trim(), '{"answer":"one"}');
});

test("a second up on the same folder is refused, and another offset too", async () => {
  const again = await runBascule(["up", "--dir", cluster.home]);
  assert.notEqual(again.status, 0);
  assert.match(again.text, /is up already/);
});

test("reset-admin makes a new password that works at once", async () => {
  const { status, text } = await runBascule(["reset-admin", "--dir", cluster.home]);
  assert.equal(status, 0, text);
  const password = /(\S{20,})\s*$/m.exec(text)?.[1] ?? "";
  const login = (secret: string) =>
    request(`https://127.0.0.1:${9443 + cluster.offset}/management/login`, {
      ca: cluster.authority,
      headers: { Authorization: `Basic ${Buffer.from(`admin:${secret}`).toString("base64")}` },
    });
  assert.equal((await login(password)).status, 200);
  assert.equal((await login("admin")).status, 401);
});

test("a busy port is named with its role and the flag that changes it", async () => {
  const offset = await freeOffset(2);
  const port = 8080 + offset;
  const holder = createServer();
  const { promise, resolve } = Promise.withResolvers<void>();
  holder.listen({ port, host: "127.0.0.1" }, resolve);
  await promise;
  try {
    const { status, text } = await runBascule([
      "up",
      "--dir",
      join(cluster.dir, "other"),
      "--offset",
      String(offset),
    ]);
    assert.equal(status, 1);
    assert.match(text, new RegExp(`port ${port} \\(gateway, http\\) is taken`));
    assert.match(text, /--offset \d+/);
    assert.ok(!existsSync(join(cluster.dir, "other")), "nothing was written");
  } finally {
    holder.close();
  }
});

test("bascule down stops all nodes in order", async () => {
  const { status, text } = await runBascule(["down", "--dir", cluster.home]);
  assert.equal(status, 0, text);
  assert.equal(await cluster.up.ended, 0);
  const order = ["gateway", "worker-1", "manager", "backend"].map((name) =>
    cluster.up.text.lastIndexOf(`  ${name}: stopped`),
  );
  assert.deepEqual(
    order,
    order.toSorted((one, other) => one - other),
  );
  assert.ok(!order.includes(-1));
  assert.ok((await cluster.status()).nodes.every((node) => node.state === "stopped"));
});
