/** Carbon applications as tests write them: artifacts by name, packed into a .car. */
import { type ZipEntry, zipOf } from "../../../helpers/zip-writer.ts";
import { SYNAPSE } from "../mediation-world.ts";

export interface AppPiece {
  readonly name: string;
  readonly type: string;
  /** Default: "1.0.0". */
  readonly version?: string;
  readonly serverRole?: string;
  /** Role in artifacts.xml, instead of the one in artifact.xml. */
  readonly listedRole?: string;
  /** Default: "<name>-1.0.0.xml". */
  readonly file?: string;
  readonly content: string | Buffer;
  /** Names of other pieces. */
  readonly needs?: readonly string[];
  /** Default: true. */
  readonly include?: boolean;
  readonly listed?: boolean;
  /** Other files in its folder. */
  readonly more?: Readonly<Record<string, string>>;
}

export function entriesOf(app: string, pieces: readonly AppPiece[]): readonly ZipEntry[] {
  const listed = pieces.filter(({ listed: isListed = true }) => isListed);
  const dependencies = listed.map(({ name, version = "1.0.0", include = true, listedRole }) => {
    const role = listedRole === undefined ? "" : ` serverRole="${listedRole}"`;
    return `<dependency artifact="${name}" version="${version}" include="${include}"${role}/>`;
  });
  const manifest = `<artifacts><artifact name="${app}" version="1.0.0" type="carbon/application">${dependencies.join("")}</artifact></artifacts>`;
  return [{ name: "artifacts.xml", content: manifest }, ...pieces.flatMap(pieceEntries)];
}

function pieceEntries(made: AppPiece): readonly ZipEntry[] {
  const { name, type, version = "1.0.0", serverRole, needs = [], content, more = {} } = made;
  const folder = `${name}_${version}/`;
  const file = made.file ?? `${name}-${version}.xml`;
  const role = serverRole === undefined ? "" : ` serverRole="${serverRole}"`;
  const dependencies = needs.map((one) => `<dependency artifact="${one}" version="1.0.0"/>`);
  const artifact = `<artifact name="${name}" version="${version}" type="${type}"${role}>\n<file>${file}</file>${dependencies.join("")}</artifact>`;
  return [
    { name: folder, content: "", stored: true, mode: 0o040755 },
    { name: `${folder}artifact.xml`, content: artifact },
    { name: `${folder}${file}`, content },
    ...Object.entries(more).map(([inner, text]) => ({ name: `${folder}${inner}`, content: text })),
  ];
}

export function appOf(app: string, pieces: readonly AppPiece[]): Buffer {
  return zipOf(entriesOf(app, pieces));
}

const ROOTS: Readonly<Record<string, string>> = {
  "synapse/proxy-service": `<proxy xmlns="${SYNAPSE}" name="NAME"><target><inSequence>INNER</inSequence></target></proxy>`,
  "synapse/sequence": `<sequence xmlns="${SYNAPSE}" name="NAME">INNER</sequence>`,
  "synapse/endpoint": `<endpoint xmlns="${SYNAPSE}" name="NAME"><address uri="http://h/NAME"/></endpoint>`,
};

/** A piece of a kind of Synapse. */
export function piece(
  type: keyof typeof ROOTS,
  name: string,
  inner = "",
  more: Partial<AppPiece> = {},
): AppPiece {
  const content = (ROOTS[type] ?? "").replaceAll("NAME", name).replace("INNER", inner);
  return { name, type, content, ...more };
}
