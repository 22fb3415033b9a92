/**
 * The bodies that a deploy takes: the XML of one artifact, one carbon application, any file with the key of a registry resource, or
 * several of them as JSON, where a text is sent as it is and other bytes in base64. Bodies that are too large were refused before.
 */
import { type Static, Type } from "typebox";
import { Value } from "typebox/value";
import { AppError } from "../../errors/app-error.ts";
import { isArchive, readAppUpload } from "../app-upload.ts";
import type { Upload } from "../deployment-plan.ts";
import { RESOURCE_KEY_LENGTH_MAX } from "../registry-key.ts";
import type { ManagementApp } from "./management-services.ts";

/** Largest body, in bytes: no file of the repository is larger. */
export const UPLOAD_BYTES_MAX = 10 * 1024 * 1024;
const FILES_MAX = 1_000;
const MESSAGE_LENGTH_MAX = 500;
const NODES_MAX = 50;

const FILE_NAME = Type.String({
  minLength: 1,
  maxLength: 255,
  pattern: "^[^\\u0000-\\u001f\\u007f]+$",
  description: "Your name of the file, shown in problems.",
});

const RESOURCE_KEY = Type.String({
  minLength: 1,
  maxLength: RESOURCE_KEY_LENGTH_MAX,
  description: "The file is the registry resource of this key: conf:/PATH or gov:/PATH.",
});

/** What every request that changes what runs may say about it. */
export const CHANGE_QUERY = {
  message: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: MESSAGE_LENGTH_MAX,
      pattern: "^[^\\u0000-\\u001f\\u007f]+$",
      description: "Why, for the history; one line.",
    }),
  ),
  without: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 200 }), {
      maxItems: NODES_MAX,
      description: "Names of workers that are left out on purpose; repeat it for several.",
    }),
  ),
};

export const UPLOAD_QUERY = Type.Object(
  { file: Type.Optional(FILE_NAME), key: Type.Optional(RESOURCE_KEY), ...CHANGE_QUERY },
  { additionalProperties: false },
);

const SEVERAL = Type.Object(
  {
    files: Type.Array(
      Type.Object(
        {
          name: FILE_NAME,
          content: Type.String({ minLength: 1 }),
          encoding: Type.Optional(
            Type.Union([Type.Literal("utf8"), Type.Literal("base64")], {
              description: "Of `content`; base64 is for what is no text. Default: utf8.",
            }),
          ),
          key: Type.Optional(RESOURCE_KEY),
        },
        { additionalProperties: false },
      ),
      { minItems: 1, maxItems: FILES_MAX },
    ),
  },
  { additionalProperties: false, description: "Several files, of which all go in or none." },
);

const BYTES = Type.Unsafe<Buffer>({});
const BYTE_TYPES = ["application/xml", "text/xml", "application/octet-stream"];

export const UPLOAD_BODY = {
  content: {
    "application/xml": { schema: BYTES },
    "text/xml": { schema: BYTES },
    "application/octet-stream": { schema: BYTES },
    "application/json": { schema: SEVERAL },
  },
};

/** Once for the app: bodies of these types come as bytes. */
export function addUploadParsers(app: ManagementApp): void {
  app.addContentTypeParser(BYTE_TYPES, { parseAs: "buffer" }, (_request, body, done) =>
    done(null, body),
  );
}

/** @throws AppError REQUEST_INVALID when the body is empty, or no such form. */
export async function readUploads(
  body: unknown,
  given: { readonly name?: string | undefined; readonly key?: string | undefined },
): Promise<readonly Upload[]> {
  if (Buffer.isBuffer(body) && body.length > 0) return [await toUpload(body, given)];
  if (Value.Check(SEVERAL, body)) return Promise.all(body.files.map(readOne));
  const message =
    "the body must be the XML of one artifact, a carbon application (.car), a registry resource (with `key`), or several files as JSON";
  throw new AppError("REQUEST_INVALID", message, { side: "downstream" });
}

function readOne(file: Static<typeof SEVERAL>["files"][number]): Promise<Upload> {
  return toUpload(Buffer.from(file.content, file.encoding ?? "utf8"), file);
}

async function toUpload(
  content: Buffer,
  { name, key }: { readonly name?: string | undefined; readonly key?: string | undefined },
): Promise<Upload> {
  if (key !== undefined) return { name, content, key };
  const isApp = isArchive(content) || name?.endsWith(".car") === true;
  return isApp ? readAppUpload(content, name) : { name, content };
}
