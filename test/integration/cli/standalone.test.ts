/** `bascule server` on homes written by hand: what it makes, what it refuses before anything has started. */
import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { freeOffset } from "../../helpers/free-offset.ts";
import { eventually, request } from "../../helpers/http-request.ts";
import { NodeProcess, runBascule } from "../../helpers/node-process.ts";

const PROXY = `<proxy xmlns="http://ws.apache.org/ns/synapse" name="Hello" transports="http https"><target><inSequence>
<payloadFactory media-type="json"><format>{"hello": 1}</format><args/></payloadFactory><respond/></inSequence></target></proxy>`;

function makeHome(context: TestContext, files: Readonly<Record<string, string>>): string {
  const home = mkdtempSync(join(tmpdir(), "bascule-server-"));
  context.after(() => rmSync(home, { recursive: true, force: true, maxRetries: 3 }));
  mkdirSync(join(home, "conf"));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(home, path)), { recursive: true });
    writeFileSync(join(home, path), content);
  }
  return home;
}

test("a home with nothing but an empty conf folder runs a stand-alone node with a certificate of its own", async (context) => {
  const artifact = "repository/deployment/server/synapse-configs/default/proxy-services/Hello.xml";
  const home = makeHome(context, { [artifact]: PROXY });
  const offset = await freeOffset(1);
  const node = new NodeProcess(["server", "--home", home, "-Dsetup", `-DportOffset=${offset}`]);
  context.after(() => node.stop());
  await node.line(/Proxy service named 'Hello' has been deployed/);
  const certificate = join(home, "conf/tls/node.crt");
  const url = `https://localhost:${8243 + offset}/services/Hello`;
  const answer = await eventually("the service answers", () =>
    request(url, { ca: readFileSync(certificate, "utf8") }).catch(() => undefined),
  );
  assert.equal(answer.body, '{"hello": 1}');
  assert.equal(statSync(join(home, "conf/tls/node.key")).mode & 0o777, 0o600);
  for (const path of ["repository/logs/bascule.log", "repository/depsync/repository.git/HEAD"])
    assert.equal(statSync(join(home, path)).mode & 0o007, 0, `${path} is for others too`);
});

test("reports every certificate and keystore that cannot be used, with file and line, before anything has started", async (context) => {
  const home = makeHome(context, {
    "conf/axis2/axis2.xml": `<axisconfig>\n<transportReceiver name="https">
<parameter name="keystore"><KeyStore><Location>none.p12</Location></KeyStore></parameter></transportReceiver></axisconfig>`,
    "conf/tomcat/catalina-server.xml": `<Server><Service>
<Connector port="9443" SSLEnabled="true" keystoreFile="text.p12" keystorePass="x"/></Service></Server>`,
    "text.p12": "no keystore",
  });
  const { status, text } = await runBascule(["server", "--home", home, "-Dsetup"]);
  assert.equal(status, 1);
  assert.match(text, /none\.p12.* in .*axis2\.xml:3\n/);
  assert.match(text, /text\.p12.* in .*catalina-server\.xml:2/);
  assert.ok(!existsSync(join(home, "repository/depsync")));
});

test("a home that cannot be written is refused with a sentence", async (context) => {
  const home = makeHome(context, { repository: "a file where the node needs a folder" });
  const { status, text } = await runBascule(["server", "--home", home, "-Dsetup"]);
  assert.equal(status, 1);
  assert.match(text, /^bascule: the node cannot write its log .*: its home must be writable$/m);
});
