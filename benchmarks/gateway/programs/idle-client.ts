/**
 * Idle connections of the benchmark, a process of its own: `idle-client.ts PORT CONNECTIONS`. Opens so many
 * connections, sends one GET on each, reads the answer, and keeps them open until it is ended. Prints how many
 * are open as soon as all are, or the first fault.
 */
import { connect } from "node:net";

const [port = "", connections = "1"] = process.argv.slice(2);
const TOGETHER = 100;

/** Resolves when the first answer is here; a connection that closes later is an error of the run. */
function open(): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connect(Number(port), "127.0.0.1");
  socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  socket.once("data", (bytes: Buffer) => {
    if (bytes.toString("latin1").startsWith("HTTP/1.1 200 ")) resolve();
    else reject(new Error("a connection was not answered with 200"));
  });
  socket.once("error", reject);
  socket.once("close", () => {
    console.log("FAULT a connection was closed");
    process.exit(1);
  });
  return promise;
}

for (let opened = 0; opened < Number(connections); opened += TOGETHER) {
  const batch = Math.min(TOGETHER, Number(connections) - opened);
  await Promise.all(Array.from({ length: batch }, open));
}
console.log(`OPEN ${connections}`);
setInterval(() => undefined, 60_000);
