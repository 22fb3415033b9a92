/**
 * WebSocket echo server (RFC 6455) of the benchmark, a process of its own: `echo-server.ts PORT`. It takes
 * what benchmarks/gateway/programs/echo-client.ts sends: unfragmented masked frames with payloads below 126 bytes.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const HEAD_BYTES = 6;

/** Sends every whole frame back, unmasked, and returns what is left of the bytes. */
function echoFrames(socket: Duplex, bytes: Buffer): Buffer {
  let at = 0;
  while (bytes.length - at >= HEAD_BYTES) {
    const length = bytes.readUInt8(at + 1) & 0x7f;
    const end = at + HEAD_BYTES + length;
    if (bytes.length < end) break;
    const answer = Buffer.allocUnsafe(2 + length);
    answer.writeUInt8(bytes.readUInt8(at), 0);
    answer.writeUInt8(length, 1);
    for (let n = 0; n < length; n++) {
      const mask = bytes.readUInt8(at + 2 + (n & 3));
      answer.writeUInt8(bytes.readUInt8(at + HEAD_BYTES + n) ^ mask, 2 + n);
    }
    socket.write(answer);
    at = end;
  }
  return bytes.subarray(at);
}

function accept(request: IncomingMessage, socket: Duplex): void {
  const key = request.headers["sec-websocket-key"] ?? "";
  const answer = createHash("sha1").update(`${key}${GUID}`).digest("base64");
  socket.write(
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Accept: ${answer}\r\n\r\n`,
  );
  let rest: Buffer = Buffer.alloc(0);
  socket.on("data", (bytes: Buffer) => {
    rest = echoFrames(socket, rest.length === 0 ? bytes : Buffer.concat([rest, bytes]));
  });
  socket.on("end", () => socket.end()).on("error", () => socket.destroy());
}

const server = createServer((_request, response) => {
  response.writeHead(426).end();
});
server.on("upgrade", accept);
server.listen(Number(process.argv[2]), "127.0.0.1");
