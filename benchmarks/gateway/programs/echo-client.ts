/**
 * WebSocket load of the benchmark, a process of its own: `echo-client.ts PORT PATH CONNECTIONS SECONDS`. Each
 * connection sends a frame of 32 bytes and the next one when it has come back. Prints a LoadResult as JSON.
 */
import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { LoadRecorder } from "../loads/load-recorder.ts";

const PAYLOAD = Buffer.from("a WebSocket message of 32 bytes.");
/** Final text frame, masked with zeros: the payload goes as it is. */
const FRAME = Buffer.concat([Buffer.from([0x81, 0x80 | PAYLOAD.length, 0, 0, 0, 0]), PAYLOAD]);
const ANSWER = Buffer.concat([Buffer.from([0x81, PAYLOAD.length]), PAYLOAD]);

const [port = "", path = "/", connections = "1", seconds = "1"] = process.argv.slice(2);
const recorder = new LoadRecorder();

/** Resolves when the upgrade was answered with 101 and nothing followed its head. */
async function open(): Promise<Socket> {
  const socket = connect(Number(port), "127.0.0.1").setNoDelay(true);
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\n\r\n`,
  );
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  let head = "";
  const read = (bytes: Buffer): void => {
    head += bytes.toString("latin1");
    if (!head.includes("\r\n\r\n")) return;
    socket.off("data", read);
    if (head.startsWith("HTTP/1.1 101 ") && head.endsWith("\r\n\r\n")) resolve(socket);
    else reject(new Error(`the upgrade was answered with ${head.slice(0, 60)}`));
  };
  socket.on("data", read).on("error", reject);
  socket.on("close", () => reject(new Error("the connection was closed before the upgrade")));
  return promise;
}

function pingPong(socket: Socket): void {
  let started = performance.now();
  let rest: Buffer = Buffer.alloc(0);
  socket.on("data", (bytes: Buffer) => {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    if (rest.length < ANSWER.length) return;
    if (!rest.equals(ANSWER)) recorder.fault("a message came back changed");
    const now = performance.now();
    recorder.done(now - started);
    started = now;
    rest = Buffer.alloc(0);
    if (!recorder.over) socket.write(FRAME);
  });
  socket.on("close", () => {
    if (!recorder.over) recorder.fault("a connection was closed");
  });
  socket.write(FRAME);
}

const sockets = await Promise.all(Array.from({ length: Number(connections) }, open));
recorder.start(Number(seconds), (result) => {
  for (const socket of sockets) socket.destroy();
  console.log(JSON.stringify(result));
});
for (const socket of sockets) pingPong(socket);
