/** Who the client is: its certificate, the header of the balancer in front, the socket it comes over. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import {
  type CertificateAndKey,
  makeAuthority,
  makeLeaf,
} from "../../../src/net/tls/local-certificates.ts";
import { freePort, GatewayFixture } from "../../helpers/gateway-fixture.ts";
import { request } from "../../helpers/http-request.ts";

const [known, other] = [await makeAuthority("known"), await makeAuthority("other")];
const server = await makeLeaf(["a.test", "b.test"], known);
const client = await makeLeaf(["anna"], known);
const stranger = await makeLeaf(["eve"], other);

function withFiles(): GatewayFixture {
  const fixture = new GatewayFixture();
  fixture.write("s.crt", server.certificate);
  fixture.write("s.key", server.key);
  fixture.write("known.crt", known.certificate);
  fixture.write("other.crt", other.certificate);
  return fixture;
}

interface Ask {
  readonly port: number;
  readonly name?: string;
  readonly host?: string;
  readonly as?: CertificateAndKey;
  readonly before?: string;
  readonly options?: ConnectionOptions;
}

/** One request over TLS; the whole answer. */
async function ask({ port, name = "a.test", host = name, as, before, options }: Ask) {
  const raw = connect(port, "127.0.0.1");
  if (before !== undefined) raw.write(before);
  const socket = connectTls({
    socket: raw,
    servername: name,
    rejectUnauthorized: false,
    ...(as ? { cert: as.certificate, key: as.key } : {}),
    ...options,
  });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = "";
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  socket.once("end", () => resolve(text));
  socket.once("error", reject);
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  return promise.finally(() => socket.destroy());
}

const TLS = "ssl_certificate s.crt; ssl_certificate_key s.key;";
const SHOWN =
  'return 200 "$ssl_client_verify|$ssl_client_s_dn|$ssl_client_i_dn|$ssl_session_reused";';
const PAGE = `location / { add_header X-Is "$ssl_client_verify|$ssl_client_s_dn|$ssl_client_i_dn" always; }`;

test("asks clients for certificates, and refuses requests of those without a good one", async () => {
  await using fixture = withFiles();
  fixture.write("index.html", "in");
  const [on, optional, anyone] = [await freePort(), await freePort(), await freePort()];
  const of = (port: number, mode: string) => `server { listen 127.0.0.1:${port} ssl;
    root ${fixture.folder}; ssl_verify_client ${mode}; ${PAGE} }`;
  await fixture.start(`${TLS} ssl_client_certificate known.crt;
    ${of(on, "on")} ${of(optional, "optional")} ${of(anyone, "optional_no_ca")}`);
  const answer = async (port: number, as?: CertificateAndKey) => {
    const text = await ask({ port, ...(as ? { as } : {}) });
    const [, status, title] = /^HTTP\/1\.1 (\d+)[^]*?(?:<title>(.*)<\/title>|$)/.exec(text) ?? [];
    return [Number(status), title, /^X-Is: (.*)\r$/m.exec(text)?.[1]];
  };
  const good = [200, undefined, "SUCCESS|CN=anna|CN=known"];
  for (const port of [on, optional, anyone]) assert.deepEqual(await answer(port, client), good);
  const none = [200, undefined, "NONE||"];
  for (const port of [optional, anyone]) assert.deepEqual(await answer(port), none);
  assert.deepEqual((await answer(on)).slice(0, 2), [
    400,
    "400 No required SSL certificate was sent",
  ]);
  for (const port of [on, optional]) {
    assert.deepEqual((await answer(port, stranger)).slice(0, 2), [
      400,
      "400 The SSL certificate error",
    ]);
  }
  const [status, , is] = await answer(anyone, stranger);
  assert.deepEqual(
    [status, is],
    [200, "FAILED:unable to verify the first certificate|CN=eve|CN=other"],
  );
  assert.match(fixture.read("error.log"), /client sent no required SSL certificate/);
});

test("a client cannot reach a server that verifies by a handshake with one that does not", async () => {
  await using fixture = withFiles();
  const port = await freePort();
  await fixture.start(`${TLS} server_name_in_redirect off;
    server { listen 127.0.0.1:${port} ssl; server_name a.test; ${SHOWN} }
    server { listen 127.0.0.1:${port} ssl; server_name b.test; ${SHOWN}
      ssl_verify_client on; ssl_client_certificate known.crt; }
    server { listen 127.0.0.1:${port} ssl; server_name c.test; ${SHOWN}
      ssl_verify_client on; ssl_client_certificate other.crt; }`);
  assert.match(await ask({ port, name: "a.test" }), /^HTTP\/1\.1 200 /);
  assert.match(await ask({ port, name: "b.test", as: client }), /SUCCESS\|CN=anna/);
  assert.match(await ask({ port, name: "a.test", host: "b.test", as: client }), /^HTTP\/1\.1 421 /);
  assert.match(
    await ask({ port, name: "c.test", host: "b.test", as: stranger }),
    /^HTTP\/1\.1 421 /,
  );
  assert.match(await ask({ port, name: "b.test", as: stranger }), /^HTTP\/1\.1 400 /);
});

test("resumes a session with its certificate, but never at a server with another check", async () => {
  await using fixture = withFiles();
  const [same, mixed] = [await freePort(), await freePort()];
  const of = (port: number, name: string, ca: string) => `server { listen 127.0.0.1:${port} ssl;
    server_name ${name}; ${SHOWN} ssl_verify_client on; ssl_client_certificate ${ca}; }`;
  await fixture.start(`${TLS} ${of(same, "a.test", "known.crt")}
    ${of(mixed, "a.test", "known.crt")} ${of(mixed, "b.test", "other.crt")}`);
  const twice = async (port: number, second: string) => {
    let session: Buffer | undefined;
    const raw = connectTls({
      port,
      host: "127.0.0.1",
      servername: "a.test",
      rejectUnauthorized: false,
      cert: client.certificate,
      key: client.key,
    });
    raw.on("session", (made) => {
      session = made;
    });
    const ended = Promise.withResolvers<void>();
    raw.resume().once("close", () => ended.resolve());
    raw.write("GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n");
    await ended.promise;
    return ask({ port, name: second, as: client, ...(session ? { options: { session } } : {}) });
  };
  assert.match(await twice(same, "a.test"), /SUCCESS\|CN=anna\|CN=known\|r$/);
  assert.match(await twice(mixed, "a.test"), /SUCCESS\|CN=anna\|CN=known\|\.$/);
  assert.match(await twice(mixed, "b.test"), /^HTTP\/1\.1 400 /);
});

test("ends handshakes for names that ssl_reject_handshake covers", async () => {
  await using fixture = withFiles();
  const port = await freePort();
  await fixture.start(`
    server { listen 127.0.0.1:${port} ssl default_server; ssl_reject_handshake on; }
    server { listen 127.0.0.1:${port} ssl; server_name a.test; ${TLS} return 200 in; }`);
  assert.match(await ask({ port, name: "a.test" }), /in$/);
  for (const name of ["x.test", ""]) {
    const answer = await ask({ port, name, host: "a.test" }).catch(() => "");
    assert.equal(answer, "", "no handshake, no answer");
  }
});

const PROXIED = "PROXY TCP4 192.0.2.1 192.0.2.2 123 5678\r\n";

test("takes the client's address from a PROXY header, before TLS too, and needs one", async () => {
  await using fixture = withFiles();
  const [plain, secure] = [await freePort(), await freePort()];
  await fixture.start(`real_ip_header proxy_protocol; set_real_ip_from 127.0.0.1;
    server { listen 127.0.0.1:${plain} proxy_protocol; listen 127.0.0.1:${secure} ssl proxy_protocol;
      ${TLS} location / { try_files /x @answer; }
      location @answer { return 200 "$remote_addr:$remote_port $proxy_protocol_server_port $realip_remote_addr"; } }`);
  const send = async (text: string): Promise<string> => {
    const socket = connect(plain, "127.0.0.1");
    socket.on("error", () => {});
    for (const piece of text.match(/[^]{1,20}/g) ?? []) socket.write(piece);
    const chunks: string[] = [];
    socket.setEncoding("latin1").on("data", (chunk: string) => chunks.push(chunk));
    await new Promise((resolve) => socket.once("close", resolve));
    return chunks.join("");
  };
  const get = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  assert.match(await send(PROXIED + get), /192\.0\.2\.1:123 5678 127\.0\.0\.1$/);
  assert.match(await send(`PROXY UNKNOWN\r\n${get}`), /127\.0\.0\.1:\d+ {2}127\.0\.0\.1$/);
  assert.equal(await send(get), "");
  assert.match(await ask({ port: secure, before: PROXIED }), /192\.0\.2\.1:123 5678 127\.0\.0\.1$/);
  assert.match(fixture.read("error.log"), /broken header: "GET \/ HTTP\/1.1" while reading PROXY/);
});

test("listens on a Unix socket, also after a reload, and removes it at the end", async () => {
  await using fixture = withFiles();
  const path = join(fixture.folder, "g.sock");
  const inside = `server { listen unix:${path}; return 200 "$remote_addr $server_addr"; }`;
  await fixture.start(inside);
  const answer = async (): Promise<string> => {
    const socket = connect(path);
    const chunks: string[] = [];
    socket.setEncoding("latin1").on("data", (chunk: string) => chunks.push(chunk));
    socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    await new Promise((resolve) => socket.once("close", resolve));
    return chunks.join("");
  };
  assert.ok((await answer()).endsWith(`unix: unix:${path}`));
  await fixture.reload(inside);
  assert.ok((await answer()).endsWith(`unix: unix:${path}`));
  await fixture.gateway.close();
  await assert.rejects(
    () =>
      new Promise((resolve, reject) => {
        connect(path).once("connect", resolve).once("error", reject);
      }),
  );
});

test("tells how long a connection is kept, and closes those of browsers that keepalive_disable names", async () => {
  await using fixture = new GatewayFixture();
  const port = await freePort();
  await fixture.start(`server { listen 127.0.0.1:${port}; keepalive_timeout 75s 9;
    location / { return 200 in; }
    location /safari { keepalive_disable safari; return 200 in; } }`);
  const fields = async (path: string, method: string, agent: string) => {
    const url = `http://127.0.0.1:${port}${path}`;
    const headers = { "User-Agent": agent, Connection: "keep-alive" };
    const answer = await request(url, { method, headers });
    return [answer.headers.connection, answer.headers["keep-alive"]];
  };
  const kept = ["keep-alive", "timeout=9"];
  const closed = ["close", undefined];
  const mac = "Mozilla/5.0 (Macintosh; Intel Mac OS X 14) Version/17 Safari/605";
  assert.deepEqual(await fields("/", "GET", "MSIE 6.0;"), kept);
  assert.deepEqual(await fields("/", "POST", "MSIE 6.0;"), closed);
  assert.deepEqual(await fields("/", "POST", "MSIE 10.0;"), kept);
  assert.deepEqual(await fields("/safari", "GET", mac), closed);
  assert.deepEqual(await fields("/safari", "GET", `${mac} Chrome/1`), kept);
  assert.deepEqual(await fields("/safari", "POST", "MSIE 6.0;"), kept);
});
