/**
 * Bodies of git's requests: unpacked where the client has packed them (gzip, as git does with long lists of commits),
 * and bounded by what comes out, so that neither a large push nor a small one that unpacks to a large one fills anything.
 * A push is kept in a file before git sees it: a slow client then holds up nobody.
 */
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, mkdir, open, unlink } from "node:fs/promises";
import { join } from "node:path";
import { type Duplex, type Readable, Transform, pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { AppError } from "../../errors/app-error.ts";

/** The body as git wants it. @throws AppError REQUEST_INVALID when it is packed in an unknown way; the stream fails with one when it is too long. */
export function unpackedBody(
  body: Readable,
  encoding: string | undefined,
  bytesMax: number,
): Readable {
  const bound = boundOf(bytesMax);
  switch (encoding?.toLowerCase()) {
    case undefined:
    case "":
    case "identity":
      return flowing(body, bound);
    case "gzip":
    case "x-gzip":
      return pipeline(flowing(body, createGunzip()), bound, () => {});
    default:
      throw invalid("the body is packed in another way than gzip");
  }
}

export interface SpooledBody {
  readonly file: FileHandle;
  readonly bytes: number;
}

/** A whole body in a file without a name, to be read from its beginning; gone when it is closed. @throws AppError as `unpackedBody`. */
export async function spooled(body: Readable, folder: string): Promise<SpooledBody> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `push-${randomBytes(8).toString("hex")}`);
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL;
  const file = await open(path, flags, 0o600);
  try {
    // Whatever happens from now on, nothing is left.
    await unlink(path);
    let bytes = 0;
    for await (const chunk of body) {
      const rest = Buffer.from(chunk);
      // By position: git reads from where the file stands, which stays its beginning.
      for (let done = 0; done < rest.length;)
        done += (await file.write(rest, done, rest.length - done, bytes + done)).bytesWritten;
      bytes += rest.length;
    }
    return { file, bytes };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** A failure behind the body does not end the client's connection: the answer goes there yet. */
function flowing<Into extends Duplex>(body: Readable, into: Into): Into {
  body.once("error", (error) => into.destroy(error));
  body.once("close", () => {
    if (!body.readableEnded) into.destroy(new Error("the client has gone"));
  });
  return body.pipe(into);
}

function boundOf(bytesMax: number): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes <= bytesMax) done(null, chunk);
      else done(invalid(`it is larger than ${bytesMax / 1024 / 1024} MB: push it in parts`));
    },
  });
}

function invalid(reason: string): AppError {
  return new AppError("REQUEST_INVALID", reason, { side: "downstream" });
}
