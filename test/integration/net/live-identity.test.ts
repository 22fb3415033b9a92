/** A TLS server whose certificates are replaced while it listens: by name the internal one, else the public one. */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { connect, createServer, type Server, type TLSSocket } from "node:tls";
import { fingerprintOf } from "../../../src/net/tls/certificate-fingerprint.ts";
import { LiveIdentity } from "../../../src/net/tls/live-identity.ts";
import { makeAuthority, makeLeaf } from "../../../src/net/tls/local-certificates.ts";
import { INTERNAL_SERVER_NAME } from "../../../src/net/tls/node-certificate.ts";
import type { ServerIdentity } from "../../../src/net/tls/tls-files.ts";

let server: Server;
let identity: LiveIdentity;

async function leaf(name: string): Promise<ServerIdentity & { readonly cert: string }> {
  const { certificate, key } = await makeLeaf([name], await makeAuthority("a test"));
  return { cert: certificate, key };
}

before(async () => {
  identity = new LiveIdentity(await leaf("public.test"), await leaf("one.test"));
  server = createServer(identity.serverOptions, (socket) => socket.pipe(socket));
  identity.attach(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});

after(() => void server.close());

async function open(servername: string): Promise<TLSSocket> {
  const { port } = server.address() as AddressInfo;
  const socket = connect({ host: "127.0.0.1", port, servername, rejectUnauthorized: false });
  await once(socket, "secureConnect");
  return socket;
}

async function shown(servername: string): Promise<string | undefined> {
  const socket = await open(servername);
  const certificate = socket.getPeerX509Certificate();
  socket.destroy();
  return certificate && fingerprintOf(certificate);
}

const of = ({ cert }: { readonly cert: string }): string =>
  fingerprintOf(new X509Certificate(cert));

test("the next handshake shows the new certificate, and an open connection goes on", async () => {
  const kept = await open(INTERNAL_SERVER_NAME);
  const [node, publicOne] = [await leaf("two.test"), await leaf("public-two.test")];
  const earlier = [await shown(INTERNAL_SERVER_NAME), await shown("anything.test")];
  assert.equal(identity.fingerprint, earlier[0]);
  identity.replaceNode(node);
  assert.deepEqual(
    [await shown(INTERNAL_SERVER_NAME), await shown("x.test")],
    [of(node), earlier[1]],
  );
  identity.replacePublic(publicOne);
  assert.deepEqual(
    [await shown(INTERNAL_SERVER_NAME), await shown("x.test")],
    [of(node), of(publicOne)],
  );
  kept.write("still here");
  assert.equal(String((await once(kept, "data"))[0]), "still here");
  kept.destroy();
});

test("a certificate that cannot be used leaves the old one", async () => {
  const earlier = await shown(INTERNAL_SERVER_NAME);
  assert.throws(() => identity.replaceNode({ cert: "nonsense", key: "nonsense" }));
  assert.throws(() => identity.replacePublic({ cert: "nonsense", key: "nonsense" }));
  assert.equal(await shown(INTERNAL_SERVER_NAME), earlier);
});
