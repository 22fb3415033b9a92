/** Reads the body of a request to the management port: JSON of bounded size. */
import type { IncomingMessage } from "node:http";
import { AppError } from "../errors/app-error.ts";

/** @throws AppError REQUEST_INVALID when it is larger than `bytesMax`, breaks off, or is no JSON. An empty body is undefined. */
export async function readJsonBody(request: IncomingMessage, bytesMax: number): Promise<unknown> {
  const body = await readBody(request, bytesMax);
  if (body.length === 0) return undefined;
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    return value;
  } catch {
    throw refused("its body is no JSON");
  }
}

function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let length = 0;
  request.on("data", (chunk: Buffer) => {
    length += chunk.length;
    // What comes after is read and dropped, so that the answer reaches whoever sends it.
    if (length <= bytesMax) chunks.push(chunk);
    else reject(refused(`its body is larger than ${bytesMax} bytes`));
  });
  request.once("end", () => resolve(Buffer.concat(chunks)));
  request.once("close", () => reject(refused("its body breaks off")));
  request.once("error", () => reject(refused("its body breaks off")));
  return promise;
}

function refused(reason: string): AppError {
  return new AppError("REQUEST_INVALID", `the request is refused: ${reason}`, {
    side: "downstream",
  });
}
