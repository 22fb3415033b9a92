/**
 * TLS handshakes of the benchmark, a process of its own: `handshake-client.ts PORT CONNECTIONS SECONDS`. Each of
 * so many loops connects, makes a full handshake (no session is ever offered: wrk resumes), sends one GET with
 * `Connection: close` and reads the answer to its end. The latency is that of the handshake. Prints a
 * LoadResult as JSON.
 */
import { connect } from "node:tls";
import { LoadRecorder } from "../loads/load-recorder.ts";

const [port = "", connections = "1", seconds = "1"] = process.argv.slice(2);
const recorder = new LoadRecorder();
const REQUEST = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/** One connection; resolves when it is closed. */
function once(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const started = performance.now();
  let handshakeMs = 0;
  let answer = "";
  const socket = connect({
    port: Number(port),
    host: "127.0.0.1",
    rejectUnauthorized: false,
    // The one group that every proxy here knows: with newer ones each would do different work.
    ecdhCurve: "X25519",
  });
  socket.once("secureConnect", () => {
    handshakeMs = performance.now() - started;
    if (socket.isSessionReused()) recorder.fault("a session was resumed");
    socket.write(REQUEST);
  });
  socket.on("data", (bytes: Buffer) => {
    answer += bytes.toString("latin1");
  });
  socket.on("error", (error) => {
    if (!recorder.over) recorder.fault(error.message);
  });
  socket.once("end", () => socket.end());
  socket.once("close", () => {
    if (answer.startsWith("HTTP/1.1 200 ")) recorder.done(handshakeMs);
    else if (!recorder.over) recorder.fault(`an answer was ${answer.slice(0, 40) || "empty"}`);
    resolve();
  });
  return promise;
}

async function loop(): Promise<void> {
  while (!recorder.over) await once();
}

recorder.start(Number(seconds), (result) => {
  console.log(JSON.stringify(result));
  process.exit();
});
for (let n = 0; n < Number(connections); n++) void loop();
