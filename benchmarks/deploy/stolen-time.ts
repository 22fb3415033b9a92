/**
 * How much of a virtual machine's processor time its host has given to others meanwhile (proc_stat(5), "steal"): a run in which
 * that is much says little about the program.
 */
import { readFileSync } from "node:fs";

/** Since it was made. */
export class StolenTime {
  readonly #before = readTimes();

  /** Of the time that this machine wanted or got, from 0 to 1; 0 where the system does not tell. */
  get share(): number {
    const { used, stolen } = readTimes();
    const [more, lost] = [used - this.#before.used, stolen - this.#before.stolen];
    return more + lost === 0 ? 0 : lost / (more + lost);
  }
}

interface Times {
  /** In clock ticks, all processors together, without what was idle. */
  readonly used: number;
  readonly stolen: number;
}

function readTimes(): Times {
  try {
    const [line = ""] = readFileSync("/proc/stat", "utf8").split("\n", 1);
    const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0, stolen = 0] = line
      .split(/\s+/)
      .slice(1)
      .map(Number);
    return { used: user + nice + system + irq + softIrq, stolen };
  } catch {
    return { used: 0, stolen: 0 };
  }
}
