import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memberXml } from "../../../../src/cluster/hazelcast/member-xml.ts";
import { parseXml } from "../../../../src/config/xml.ts";

describe("hazelcast.xml of a node's own member", () => {
  const local = { host: "10.0.0.1", port: 4000 };
  const xml = memberXml({
    clusterName: 'a<b>&"c"',
    local,
    members: [local, { host: "10.0.0.2", port: 4001 }],
  });

  it("is well-formed, whatever the cluster is called", () => {
    assert.ok(parseXml(xml, "hazelcast.xml"));
    assert.ok(xml.includes("<cluster-name>a&lt;b&gt;&amp;&quot;c&quot;</cluster-name>"));
  });

  it("binds one address, joins the listed members only and calls nobody", () => {
    assert.ok(xml.includes('<port auto-increment="false">4000</port>'));
    assert.ok(xml.includes("<interface>10.0.0.1</interface>"));
    assert.deepEqual(xml.match(/<member>.*<\/member>/g), [
      "<member>10.0.0.1:4000</member>",
      "<member>10.0.0.2:4001</member>",
    ]);
    assert.ok(xml.includes('<multicast enabled="false"/>'));
    assert.ok(xml.includes('"hazelcast.socket.bind.any">false<'));
    assert.ok(xml.includes('"hazelcast.phone.home.enabled">false<'));
  });

  it("notices a frozen member after 5 s and merges after 5 s", () => {
    assert.ok(xml.includes('"hazelcast.max.no.heartbeat.seconds">5<'));
    assert.ok(xml.includes('"hazelcast.merge.next.run.delay.seconds">5<'));
  });
});
