/**
 * The form that deploys: files, or the text of one, which can be changed before; with a key it is a registry resource. What is
 * sent together goes in together, or not at all.
 */
import { callApi } from "./api.js";

export class DeployForm {
  #parts;

  /**
   * @param {{file: HTMLInputElement, key: HTMLInputElement, text: HTMLTextAreaElement}} parts
   * @param {(action: () => Promise<void>) => Promise<void>} run tells failures on the page
   */
  constructor(parts, run) {
    this.#parts = parts;
    parts.file.addEventListener("change", () => void run(() => this.#showChosen()));
    parts.key.addEventListener("input", () => void run(() => this.#showChosen()));
  }

  /** @returns the API's answer; rejects with its refusal. */
  async send() {
    const files = [...this.#parts.file.files];
    const key = this.#parts.key.value.trim();
    if (files.length > 1) return this.#sendSeveral(files, key);
    const [file] = files;
    const query = new URLSearchParams();
    if (file) query.set("file", file.name);
    if (key !== "") query.set("key", key);
    return callApi("POST", `deployments?${query}`, this.#contentOf(file, key));
  }

  /** What was deployed is not sent again with the next text. */
  forget() {
    const { file, key, text } = this.#parts;
    file.value = "";
    key.value = "";
    if (text.disabled) text.value = "";
    text.disabled = false;
  }

  /** A source comes to where it can be changed and deployed again; `key`: of a registry resource, or "". */
  edit(source, key) {
    this.forget();
    this.#parts.text.value = source;
    this.#parts.key.value = key;
    this.#parts.text.focus();
  }

  async #sendSeveral(files, key) {
    if (key !== "") throw new Error("A registry key is for one file.");
    const list = await Promise.all(files.map(toEntry));
    return callApi("POST", "deployments", { json: { files: list } });
  }

  /** A chosen resource goes as it is: it need not be a text. */
  #contentOf(file, key) {
    const { value } = this.#parts.text;
    if (file && (key !== "" || isApp(file))) return { bytes: file };
    return key === "" ? { xml: value } : { bytes: new Blob([value]) };
  }

  /** The text of one file can be changed before it is deployed; several, applications and resources are sent as they are. */
  async #showChosen() {
    const { file, key, text } = this.#parts;
    const files = [...file.files];
    const isList =
      files.length > 1 || files.some(isApp) || (files.length === 1 && key.value !== "");
    text.disabled = isList;
    if (isList) text.value = files.map(({ name }) => name).join("\n");
    else if (files.length === 1) text.value = await files[0].text();
  }
}

function isApp({ name }) {
  return name.endsWith(".car");
}

async function toEntry(file) {
  if (!isApp(file)) return { name: file.name, content: await file.text() };
  const bytes = new Uint8Array(await file.arrayBuffer());
  const parts = [];
  for (let from = 0; from < bytes.length; from += 0x8000)
    parts.push(String.fromCharCode(...bytes.subarray(from, from + 0x8000)));
  return { name: file.name, content: btoa(parts.join("")), encoding: "base64" };
}
