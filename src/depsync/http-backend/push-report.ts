/**
 * Adds lines to the end of what git-receive-pack answers, so that whoever pushes reads what became of it ("remote: ...").
 * The answer is a row of pkt-lines, each led by a band (gitprotocol-pack(5), side-band-64k: 1 the report, 2 for people)
 * and ended by a flush; the lines are put before the flush. What is not of this form goes on as it is.
 */
import { Transform } from "node:stream";

const FLUSH = "0000";
const LENGTH_DIGITS = 4;
/** Largest pkt-line that git takes. */
const PACKET_BYTES_MAX = 65_520;
const BAND_PEOPLE = 2;
/** Shows nothing, and tells a client that waits that somebody is there. */
const KEEP_ALIVE = band("");

/** Writes a line to the person at the other end; an empty one only shows that somebody is there. */
export type Say = (line: string) => void;

/**
 * @param last called when git has said all; what it says goes to the client, and the answer ends when it is done. Where
 *   git's answer has no bands, what it says goes nowhere, and nobody waits for it. Must not reject.
 */
export function withReport(last: (say: Say) => Promise<void>): Transform {
  let held = Buffer.alloc(0);
  let isBanded: boolean | undefined;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const all = Buffer.concat([held, chunk]);
      if (all.length > LENGTH_DIGITS) isBanded ??= looksBanded(all);
      // The last bytes may be the flush.
      const kept = Math.min(all.length, FLUSH.length);
      held = Buffer.from(all.subarray(all.length - kept));
      done(null, all.subarray(0, all.length - kept));
    },
    flush(done) {
      if (isBanded !== true || held.toString("latin1") !== FLUSH) {
        void last(() => {});
        done(null, held);
        return;
      }
      const say: Say = (line) => {
        if (!this.destroyed) this.push(line === "" ? KEEP_ALIVE : band(`${line}\n`));
      };
      const finish = async (): Promise<void> => {
        await last(say);
        done(null, held);
      };
      void finish();
    },
  });
}

/** Whether the first packet is one of a band: its length, then 1 or 2. */
function looksBanded(start: Buffer): boolean {
  const length = Number.parseInt(start.toString("latin1", 0, LENGTH_DIGITS), 16);
  const first = start[LENGTH_DIGITS];
  return length > LENGTH_DIGITS && (first === 1 || first === BAND_PEOPLE);
}

function band(text: string): Buffer {
  const room = PACKET_BYTES_MAX - LENGTH_DIGITS - 1;
  const content = Buffer.from(text, "utf8").subarray(0, room);
  const length = (LENGTH_DIGITS + 1 + content.length).toString(16).padStart(LENGTH_DIGITS, "0");
  return Buffer.concat([Buffer.from(`${length}${String.fromCharCode(BAND_PEOPLE)}`), content]);
}
