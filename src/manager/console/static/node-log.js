/**
 * The dialog with a node's log: the last lines and every new one, over a WebSocket through the manager. Keeps a bounded number
 * of lines; when the connection ends it asks why, says so and tries again while the dialog is open.
 */
import { followLog, readLog } from "./api.js";
import { element } from "./dom.js";

const LINES_AT_START = 200;
const LINES_SHOWN_MAX = 1000;
const RETRY_MS = 3000;

export class NodeLog {
  #parts;
  #onFailure;
  #node = "";
  #socket;
  #retry;

  /**
   * @param {{dialog: HTMLDialogElement, title: HTMLElement, status: HTMLElement, lines: HTMLElement, level: HTMLSelectElement, follow: HTMLInputElement}} parts
   * @param {(error: unknown) => boolean} onFailure told why there is no log; true: do not try again
   */
  constructor(parts, onFailure) {
    this.#parts = parts;
    this.#onFailure = onFailure;
    parts.level.addEventListener("change", () => this.#connect());
    parts.dialog.addEventListener("close", () => this.#disconnect());
  }

  open(node) {
    this.#node = node;
    this.#parts.title.textContent = `Log of ${node}`;
    this.#parts.dialog.showModal();
    this.#connect();
  }

  #connect() {
    this.#disconnect();
    const { lines, level, status } = this.#parts;
    lines.replaceChildren();
    status.textContent = "Connecting…";
    const socket = followLog(this.#node, LINES_AT_START, level.value);
    this.#socket = socket;
    const onlyNow = (action) => (event) => {
      if (this.#socket === socket) action(event);
    };
    socket.addEventListener(
      "open",
      onlyNow(() => (status.textContent = "New lines appear as they are written.")),
    );
    socket.addEventListener(
      "message",
      onlyNow(({ data }) => this.#show(JSON.parse(data))),
    );
    socket.addEventListener(
      "close",
      onlyNow(() => void this.#explain(socket)),
    );
  }

  #disconnect() {
    clearTimeout(this.#retry);
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }

  /** A browser does not tell why a WebSocket was refused: a plain request does. */
  async #explain(socket) {
    let reason = "The connection has ended.";
    try {
      await readLog(this.#node);
    } catch (error) {
      if (this.#onFailure(error)) {
        this.#parts.dialog.close();
        return;
      }
      reason = error instanceof Error ? error.message : String(error);
    }
    if (this.#socket !== socket) return;
    this.#parts.status.textContent = `${reason} Trying again…`;
    this.#retry = setTimeout(() => this.#connect(), RETRY_MS);
  }

  #show(frame) {
    const { lines, follow } = this.#parts;
    lines.append(lineOf(frame));
    while (lines.childElementCount > LINES_SHOWN_MAX) lines.firstElementChild.remove();
    if (follow.checked) lines.scrollTop = lines.scrollHeight;
  }
}

function lineOf({ skipped, at, level, component, message }) {
  if (skipped !== undefined) {
    const text = `… ${skipped} lines were skipped: they came faster than they could be shown`;
    return element("div", { className: "log-skipped", text });
  }
  const time = element("time", { text: new Date(at).toLocaleTimeString() });
  time.dateTime = at;
  const word = element("span", { className: `level-${level}`, text: level.toUpperCase() });
  return element("div", { children: [time, " ", word, ` ${component} ${message}`] });
}
