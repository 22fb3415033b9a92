import assert from "node:assert/strict";
import { test } from "node:test";
import { headerOf, MediationWorld, proxy, TO_BACKEND } from "../mediation-world.ts";

const WSDL = `<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"><wsdl:service name="S"><wsdl:port name="A" binding="b"><soap:address location="http://old/1"/></wsdl:port></wsdl:service></wsdl:definitions>`;

function withWsdl(publish: string, parameter = ""): string {
  return `<proxy name="P"><target>${TO_BACKEND}</target><publishWSDL ${publish}${parameter}</proxy>`;
}

test("an unknown service goes to main and is acknowledged", async () => {
  const world = new MediationWorld("");
  const answer = await world.ask({ path: "/services/Nobody" });
  assert.equal(answer.status, 202);
  assert.equal(answer.text, "");
  assert.match(world.log.messages("info").join(), /To: \/services\/Nobody, .*Envelope: /);
});

test("main of the repository replaces the default one", async () => {
  const world = new MediationWorld('<sequence name="main"><in><respond/></in></sequence>');
  assert.equal((await world.ask({ path: "/" })).status, 200);
});

test("responses of endpoints come back to main's out part", async () => {
  const world = new MediationWorld(
    `<sequence name="main"><in><send>${TO_BACKEND}</send></in><out><property name="HTTP_SC" value="207" scope="axis2"/><send/></out></sequence>`,
  );
  assert.equal((await world.ask({ path: "/" })).status, 207);
});

test("an operation, a port suffix or a query after the name still find the service", async () => {
  const world = new MediationWorld(
    `${proxy("<respond/>")}<proxy name="a/P"><target><inSequence><drop/></inSequence></target></proxy>`,
  );
  for (const path of ["/services/P/getQuote", "/services/P.PHttpSoap11Endpoint", "/services/P?x=1"])
    assert.equal((await world.ask({ path })).status, 200, path);
  assert.equal((await world.ask({ path: "/services/a/P" })).status, 202);
});

test("a service that is not started, or not exposed, answers with a fault", async () => {
  const world = new MediationWorld(
    `<proxy name="S" startOnLoad="false"><target>${TO_BACKEND}</target></proxy><proxy name="H" transports="https"><target>${TO_BACKEND}</target></proxy>`,
  );
  const stopped = await world.ask({ path: "/services/S" });
  assert.equal(stopped.status, 500);
  assert.match(
    stopped.text,
    /The service cannot be found for the endpoint reference \(EPR\) \/services\/S/,
  );
  const hidden = await world.ask({ path: "/services/H" });
  assert.equal(hidden.status, 500);
  assert.match(hidden.text, /is not available over this transport/);
  assert.equal((await world.ask({ path: "/services/H", transport: "https" })).status, 200);
});

test("GET of /services/ lists the services", async () => {
  const answer = await new MediationWorld(proxy("<respond/>")).ask({
    method: "GET",
    path: "/services/",
    headers: {},
  });
  assert.match(answer.text, /<a href="P\?wsdl">P<\/a>/);
  assert.match(headerOf(answer.headers, "Content-Type") ?? "", /^text\/html/);
});

test("the published WSDL has the addresses of the listener that was asked", async () => {
  const ask = { method: "GET", path: "/services/P?wsdl", headers: {} };
  const inline = await new MediationWorld(withWsdl(`>${WSDL}</publishWSDL>`)).ask(ask);
  assert.match(inline.text, /location="http:\/\/esb\.example:80\/services\/P"/);
  assert.doesNotMatch(inline.text, /http:\/\/old/);
  const entry = `<localEntry key="w">${WSDL}</localEntry>`;
  const byKey = await new MediationWorld(entry + withWsdl('key="w"/>')).ask(ask);
  assert.match(byKey.text, /location="http:\/\/esb\.example:80\/services\/P"/);
});

test("https ports of a WSDL carry the https prefix", async () => {
  const ask = { method: "GET", path: "/services/P?wsdl", headers: {} };
  const both = WSDL.replace(
    "</wsdl:service>",
    '<wsdl:port name="B" binding="b"><soap:address location="https://old/2"/></wsdl:port></wsdl:service>',
  );
  const published = await new MediationWorld(withWsdl(`>${both}</publishWSDL>`)).ask(ask);
  assert.match(published.text, /"http:\/\/esb\.example:80\/services\/P"/);
  assert.match(published.text, /"https:\/\/esb\.example:443\/services\/P"/);
  const generated = await new MediationWorld(
    `<proxy name="P"><target>${TO_BACKEND}</target></proxy>`,
  ).ask(ask);
  assert.match(generated.text, /HttpsSoap11Endpoint.*"https:\/\/esb\.example:443\/services\/P"/);
});

test("useOriginalwsdl keeps the addresses", async () => {
  const kept = withWsdl(
    `>${WSDL}</publishWSDL>`,
    '<parameter name="useOriginalwsdl">true</parameter>',
  );
  const answer = await new MediationWorld(kept).ask({
    method: "GET",
    path: "/services/P?wsdl",
    headers: {},
  });
  assert.match(answer.text, /http:\/\/old\/1/);
});

test("a service without a WSDL answers with a generated one: operation mediate, a port for each transport", async () => {
  const world = new MediationWorld(
    `<proxy name="P" transports="http"><target>${TO_BACKEND}</target></proxy>`,
  );
  const answer = await world.ask({ method: "GET", path: "/services/P?wsdl", headers: {} });
  assert.match(answer.text, /<wsdl:operation name="mediate"\/>/);
  assert.equal(answer.text.match(/<wsdl:port /g)?.length, 2);
});

test("a WSDL by file: is a file of the deployment; a missing one is a warning and a generated WSDL", async () => {
  const ask = { method: "GET", path: "/services/P?wsdl", headers: {} };
  const missing = new MediationWorld(withWsdl('uri="file:x.wsdl"/>'));
  assert.match(missing.warnings.join(), /publishWSDL names "file:x\.wsdl", which is no file/);
  assert.match((await missing.ask(ask)).text, /operation name="mediate"/);
  for (const uri of ["file:x.wsdl", "file:repository/deployment/server/x.wsdl"]) {
    const world = new MediationWorld(withWsdl(`uri="${uri}"/>`), { files: { "x.wsdl": WSDL } });
    assert.match((await world.ask(ask)).text, /location="http:\/\/esb\.example:80\/services\/P"/);
  }
});

test("the sequence pre-mediate sees every request first and may stop it", async () => {
  const world = new MediationWorld(
    `<sequence name="pre-mediate"><property name="seen" value="yes" scope="transport"/><filter source="$trp:stop" regex="yes"><then><drop/></then></filter></sequence>${proxy("<respond/>")}`,
  );
  const headers = { "Content-Type": "text/xml" };
  assert.equal(headerOf((await world.ask({ headers })).headers, "seen"), "yes");
  assert.equal((await world.ask({ headers: { ...headers, stop: "yes" } })).status, 202);
});
