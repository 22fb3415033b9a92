/**
 * Which certificate a TLS port shows: from the keystore or PEM settings of an https receiver (axis2.xml)
 * or connector (catalina-server.xml). Java keystores are refused with the keytool line that converts
 * them. Whether the files exist and fit is checked before a node starts (`cli/node-certificates.ts`).
 */
import { join } from "node:path";
import type { SourcePlace } from "../errors/config-error.ts";
import type { TlsFiles } from "./node-config.ts";
import type { Setting, SettingReader } from "./setting-reader.ts";
import { shellWord } from "./shell-word.ts";

/** The settings as they stand; the names are those of the errors. */
export interface TlsDraft {
  certificateFile?: Setting;
  keyFile?: Setting;
  keystoreFile?: Setting;
  keystoreType?: Setting;
  keystorePassword?: Setting;
  keyPassword?: Setting;
}

/** The certificate of a node whose files name none: conf/tls/node.crt and node.key. */
export function defaultTlsFiles(home: string): TlsFiles {
  const folder = join(home, "conf", "tls");
  return {
    place: undefined,
    kind: "pem",
    certificateFile: join(folder, "node.crt"),
    keyFile: join(folder, "node.key"),
  };
}

/** Decides between PEM files, PKCS#12 file and the default; `place` is that of the port's element. */
export function tlsFilesOf(draft: TlsDraft, place: SourcePlace, reader: SettingReader): TlsFiles {
  const fallback = defaultTlsFiles(reader.home);
  const { certificateFile, keyFile, keystoreFile } = draft;
  if (keystoreFile && (certificateFile ?? keyFile)) {
    reader.problems.error(place, "a keystore and PEM files are both given: leave one of them out");
    return fallback;
  }
  if (keystoreFile) return keystoreOf(keystoreFile, draft, reader) ?? fallback;
  if (certificateFile && keyFile)
    return {
      place: certificateFile.place,
      kind: "pem",
      certificateFile: reader.path(certificateFile),
      keyFile: reader.path(keyFile),
    };
  if (certificateFile ?? keyFile)
    reader.problems.error(
      place,
      "a certificate file and a key file are given together or not at all",
    );
  return fallback;
}

function keystoreOf(
  setting: Setting,
  draft: TlsDraft,
  reader: SettingReader,
): TlsFiles | undefined {
  const file = reader.path(setting);
  const form = formOf(file, draft.keystoreType?.text);
  if (form === "jks") {
    reader.problems.error(setting.place, javaKeystoreMessage(file));
    return undefined;
  }
  if (form === "unknown") {
    reader.problems.error(
      setting.place,
      `the keystore "${setting.text}" is of no known type: expected a PKCS#12 file (.p12 or .pfx)`,
    );
    return undefined;
  }
  const password = draft.keystorePassword ? reader.secret(draft.keystorePassword) : "";
  if (draft.keyPassword && reader.secret(draft.keyPassword) !== password)
    reader.problems.error(
      draft.keyPassword.place,
      "the key's password differs from the keystore's: a PKCS#12 file has one password",
    );
  return password === undefined
    ? undefined
    : { place: setting.place, kind: "pkcs12", file, password };
}

function formOf(file: string, type: string | undefined): "pkcs12" | "jks" | "unknown" {
  const word = type?.toUpperCase();
  if (word === "PKCS12") return "pkcs12";
  if (word === "JKS" || word === "JCEKS") return "jks";
  if (word !== undefined) return "unknown";
  if (/\.(p12|pfx)$/i.test(file)) return "pkcs12";
  return /\.(jks|jceks|keystore)$/i.test(file) ? "jks" : "unknown";
}

function javaKeystoreMessage(file: string): string {
  const converted = `${file.replace(/\.(jks|jceks|keystore)$/i, "")}.p12`;
  const line = `keytool -importkeystore -srckeystore ${shellWord(file)} -destkeystore ${shellWord(converted)} -deststoretype PKCS12`;
  return `Java keystores cannot be read: convert it with \`${line}\` and name the new file here, with type PKCS12`;
}
