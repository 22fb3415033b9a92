/** What a start refuses before it opens anything. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bindMemberPort } from "../../../src/cluster/swim/bind-member-port.ts";
import { FakeClock } from "../../helpers/fake-clock.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";
import { MemoryNetwork } from "../../helpers/memory-network.ts";

describe("bindMemberPort", () => {
  const host = "127.0.0.1";

  it("takes the next free port and says so", async () => {
    const { bind } = new MemoryNetwork(new FakeClock());
    const log = new MemoryLog();
    await bind({ host, port: 4200 });
    await bind({ host, port: 4201 });
    const transport = await bindMemberPort(bind, { host, port: 4200 }, log);
    assert.equal(transport.port, 4202);
    assert.match(log.messages("warn").join(), /^localMemberPort 4200 is taken, using 4202/);
  });

  it("gives up after a hundred ports", async () => {
    const { bind } = new MemoryNetwork(new FakeClock());
    for (let port = 4200; port < 4300; port += 1) await bind({ host, port });
    await assert.rejects(bindMemberPort(bind, { host, port: 4200 }, new MemoryLog()), {
      code: "CLUSTER_START",
      message: /all ports from 4200 to 4299 on 127\.0\.0\.1 are taken/,
    });
  });

  it("does not move on where the port is strict", async () => {
    const { bind } = new MemoryNetwork(new FakeClock());
    await bind({ host, port: 4200 });
    await assert.rejects(
      bindMemberPort(bind, { host, port: 4200, isStrict: true }, new MemoryLog()),
      {
        code: "CLUSTER_START",
        message: /127\.0\.0\.1:4200 is taken .* forbids to move on/,
      },
    );
  });

  it("refuses to advertise an address that stands for all", async () => {
    const { bind } = new MemoryNetwork(new FakeClock());
    for (const wildcard of ["0.0.0.0", "::"]) {
      const address = { host: wildcard, port: 4200 };
      await assert.rejects(
        bindMemberPort(bind, address, new MemoryLog()),
        /set the address under which/,
      );
    }
  });

  it("says that the host must be of this machine when it cannot be bound", async () => {
    const bind = () =>
      Promise.reject(Object.assign(new Error("bind EADDRNOTAVAIL"), { code: "EADDRNOTAVAIL" }));
    await assert.rejects(bindMemberPort(bind, { host: "10.9.8.7", port: 4200 }, new MemoryLog()), {
      code: "CLUSTER_START",
      message: /10\.9\.8\.7:4200 cannot be bound .* must be an address of this machine/,
    });
  });
});
