import assert from "node:assert/strict";
import { test } from "node:test";
import { formatProblem } from "../../../../src/errors/config-error.ts";
import { EndpointFailure } from "../../../../src/mediation/endpoint-failure.ts";
import { responseOf } from "../../../helpers/stock-quote-backend.ts";
import { headerOf, MediationWorld, proxy, soap } from "../mediation-world.ts";

const BODY = 'xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xpath="s:Body/*[1]"';
const URL_OF = 'serviceURL="http://svc:1/a"';

function world(inSequence: string, rest = "", outside = ""): MediationWorld {
  return new MediationWorld(`${outside}${proxy(inSequence, rest)}`);
}

test("sends an element and puts the answer in its place, with the status", async () => {
  const one = world(
    `<callout ${URL_OF} action="urn:act"><source ${BODY}/><target ${BODY}/></callout>
     <log level="custom"><property name="sc" expression="$axis2:HTTP_SC"/></log><respond/>`,
  );
  one.backend = () => responseOf(200, "text/xml", soap("<answer>1</answer><second/>"));
  const answer = await one.ask({ body: soap("<q/><kept/>", "<h:a xmlns:h='urn:h'/>") });
  const [request] = one.received;
  assert.equal(request?.url, "http://svc:1/a");
  assert.equal(headerOf(request.headers, "SOAPAction"), '"urn:act"');
  assert.match(request.text, /<soapenv:Body><q\/><\/soapenv:Body>/);
  assert.doesNotMatch(request.text, /urn:h/);
  assert.match(answer.text, /<soapenv:Body><answer>1<\/answer><kept\/><\/soapenv:Body>/);
  assert.match(one.log.messages().join(), /sc = 200/);
});

test("takes the source from a property and puts the answer into one", async () => {
  const one = world(
    `<property name="req" type="OM"><ask xmlns="">7</ask></property>
     <callout endpointKey="E"><source key="req"/><target key="got"/></callout>
     <log level="custom"><property name="got" expression="$ctx:got//n"/></log><respond/>`,
    "",
    '<endpoint name="E"><address uri="http://svc:2/b"/></endpoint>',
  );
  one.backend = () => responseOf(200, "text/xml", soap("<r><n>5</n></r>"));
  const answer = await one.ask({ body: soap("<q/>") });
  assert.match(one.received[0]?.text ?? "", /<ask>7<\/ask>/);
  assert.match(answer.text, /<q\/>/);
});

test("with source envelope and no target the answer replaces the message", async () => {
  const one = world(
    `<callout><endpoint><address uri="http://svc:3/c"/></endpoint><source type="envelope"/></callout><respond/>`,
  );
  one.backend = () => responseOf(201, "application/json", '{"a":1}');
  const answer = await one.ask({
    headers: { "Content-Type": "application/json" },
    body: '{"q":1}',
  });
  assert.equal(one.received[0]?.text, '{"q":1}');
  assert.equal(answer.status, 201);
  assert.equal(answer.text, '{"a":1}');
});

const REPORT = `<faultSequence><log level="custom"><property name="C" expression="get-property('ERROR_CODE')"/>
  <property name="M" expression="get-property('ERROR_MESSAGE')"/><property name="S" expression="get-property('SENDING_FAULT')"/></log></faultSequence>`;

test("what fails ends in the fault sequence with 401000", async () => {
  const fails = async (
    backend: MediationWorld["backend"],
    attributes = URL_OF,
  ): Promise<string> => {
    const one = world(
      `<callout ${attributes}><source ${BODY}/><target ${BODY}/></callout><respond/>`,
      REPORT,
    );
    one.backend = backend;
    await one.ask({ body: soap("<q/>") });
    return one.log.messages().join("\n");
  };
  const refused = await fails(() => {
    throw new EndpointFailure("refused", "connect ECONNREFUSED");
  });
  assert.match(refused, /C = 401000, M = Error connecting to the back end, S = true/);
  const fault =
    "<soapenv:Fault><faultcode>x</faultcode><faultstring>no</faultstring></soapenv:Fault>";
  assert.match(await fails(() => responseOf(500, "text/xml", soap(fault))), /C = 401000, M = no/);
  assert.match(await fails(() => responseOf(200, "text/xml", "<a")), /C = 401000/);
  assert.match(
    await fails(() => responseOf(200, "text/xml", soap("<a/>")), 'serviceURL=""'),
    /C = 401000/,
  );
});

test("a source that is no element is a fault, and nothing is sent", async () => {
  const one = world(`<callout ${URL_OF}><source xpath="//nothing"/></callout><respond/>`, REPORT);
  await one.ask({ body: soap("<q/>") });
  assert.match(one.log.messages().join(), /did not result in an OMElement/);
  assert.equal(one.received.length, 0);
});

test("faulty callouts are refused", () => {
  const problems = (callout: string): string => {
    const result = new MediationWorld("").compile(proxy(callout));
    return result.kind === "faulty" ? result.problems.map(formatProblem).join() : "";
  };
  assert.match(problems(`<callout ${URL_OF}/>`), /'source' must be specified/);
  assert.match(problems(`<callout ${URL_OF}><source/></callout>`), /'xpath' or 'key'/);
  assert.match(
    problems(`<callout ${URL_OF}><source key="a"/><enableSec/></callout>`),
    /WS-Security/,
  );
});
