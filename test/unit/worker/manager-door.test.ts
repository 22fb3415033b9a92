import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import { MEMBER_PROPERTIES } from "../../../src/cluster/member-properties.ts";
import { fingerprintOf } from "../../../src/net/tls/certificate-fingerprint.ts";
import { makeAuthority } from "../../../src/net/tls/local-certificates.ts";
import type { TrustMaterial } from "../../../src/net/trust/trust-material.ts";
import { managerCheck } from "../../../src/worker/manager-door.ts";
import { makeMember, RecordingCluster } from "../../helpers/recording-cluster.ts";

const { certificate } = await makeAuthority("Some certificate");
const shown = new X509Certificate(certificate);
const fingerprint = fingerprintOf(shown);
const material: TrustMaterial = {
  generation: 1,
  authority: "",
  secrets: ["secret"],
  allowedSigners: "",
  members: [],
  revoked: [],
};

/** A cluster in which a member of that role tells the certificate. */
function toldBy(role: "manager" | "worker"): RecordingCluster {
  const properties = { [MEMBER_PROPERTIES.managementCertificate]: fingerprint };
  return new RecordingCluster(makeMember({ role: "worker" }), [makeMember({ role, properties })]);
}

test("without a registration it is a manager whose member record tells the certificate", () => {
  for (const trust of [undefined, { material: undefined, isManager: () => false }]) {
    assert.equal(managerCheck({ cluster: toldBy("manager"), trust })(fingerprint, shown), true);
    assert.equal(managerCheck({ cluster: toldBy("worker"), trust })(fingerprint, shown), false);
  }
  assert.equal(managerCheck({ cluster: undefined, trust: undefined })(fingerprint, shown), false);
});

test("on a registered node what members tell counts for nothing", () => {
  const asked: X509Certificate[] = [];
  const trust = {
    material,
    isManager: (one: X509Certificate) => {
      asked.push(one);
      return false;
    },
  };
  assert.equal(managerCheck({ cluster: toldBy("manager"), trust })(fingerprint, shown), false);
  assert.deepEqual(asked, [shown]);
  const sure = { material, isManager: () => true };
  assert.equal(managerCheck({ cluster: undefined, trust: sure })(fingerprint, shown), true);
});
