/**
 * The dialog with everything about one deployment: its steps, what each worker answered, what it changes by artifact and by
 * line, and the way back to it. It also shows the candidates that were refused, which are deployments as well.
 */
import { callApi } from "./api.js";
import { nameOf, namesOf, whoText } from "./deployment-words.js";
import { element, plainTable, problemList, shortRevision } from "./dom.js";

/** Words of the API's outcomes for people; others stand as they are. */
const ANSWERS = { without: "left out", ready: "ready", left: "left the cluster" };

export class DeploymentDetails {
  #parts;
  #onRollback;
  #detail;

  /**
   * @param {{dialog: HTMLDialogElement, title: HTMLElement, body: HTMLElement, rollback: HTMLButtonElement, result: HTMLElement}} parts
   * @param {(action: () => Promise<void>) => Promise<void>} run tells failures on the page
   * @param {(deployment: number, result: HTMLElement) => Promise<void>} onRollback carries a confirmed way back out
   */
  constructor(parts, run, onRollback) {
    this.#parts = parts;
    this.#onRollback = onRollback;
    parts.rollback.addEventListener("click", () => void run(() => this.#rollBack()));
  }

  /** @param {{isAdmin: boolean, live: string | null}} facts whether the user may go back, and what runs */
  async open(id, { isAdmin, live }) {
    const detail = await callApi("GET", `deployments/${id}`);
    this.#detail = detail;
    const { title, body, rollback, result, dialog } = this.#parts;
    title.textContent = `Deployment ${id}: ${detail.action}, ${detail.outcome}`;
    body.replaceChildren(...partsOf(detail));
    result.replaceChildren();
    rollback.hidden = !isAdmin || detail.commit === null || detail.commit === live;
    if (["refused", "failed", "interrupted"].includes(detail.outcome)) rollback.hidden = true;
    if (!dialog.open) dialog.showModal();
    await this.#addLines(detail);
  }

  async #addLines({ base, commit, diff }) {
    if (base === null || diff === null || diff.count === 0) return;
    const difference = await callApi("GET", `revisions/${base}/diff/${commit}`);
    const changed = difference.list.filter(({ lines }) => lines);
    const parts = changed.map(linesOf);
    if (difference.cut || difference.list.length < difference.count)
      parts.push(element("p", { className: "hint", text: "More differs than is shown." }));
    if (this.#detail?.commit === commit) this.#parts.body.append(...parts);
  }

  async #rollBack() {
    const { id, commit } = this.#detail;
    const question = `Make the content of revision ${shortRevision(commit)} (deployment ${id}) live on the whole cluster again?`;
    if (!window.confirm(question)) return;
    const { rollback, result } = this.#parts;
    rollback.disabled = true;
    result.replaceChildren("Rolling back…");
    try {
      await this.#onRollback(id, result);
    } finally {
      rollback.disabled = false;
    }
  }
}

function partsOf(detail) {
  const { who, via, at, ms, artifacts, commit, base, problems, notes, phases, workers, diff } =
    detail;
  const took = ms === null ? "under way" : `took ${ms} ms`;
  const what = `${namesOf(artifacts)} by ${whoText(who, via)} at ${new Date(at).toLocaleString()}, ${took}`;
  const parts = [element("p", { text: what })];
  if (commit !== null) {
    const text = `${shortRevision(base)} → ${shortRevision(commit)}`;
    parts.push(element("p", { children: ["Revision ", element("code", { text, title: commit })] }));
  }
  if (problems.length > 0) parts.push(problemList(problems));
  for (const note of notes) parts.push(element("p", { className: "hint", text: note }));
  if (workers.length > 0) parts.push(heading("Workers"), workerTable(workers));
  if (phases.length > 0) {
    const steps = phases.map((step) => `${step.phase} ${step.ms} ms`).join(", ");
    parts.push(heading("Steps"), element("p", { text: steps }));
  }
  if (diff && diff.count > 0) parts.push(heading(`Changes (${diff.count})`), changeList(diff));
  return parts;
}

function heading(text) {
  return element("h3", { text });
}

/** A row a worker: its answer with the reason, and its times. */
export function workerTable(workers) {
  const rows = workers.map(({ node, answer, reason, stageMs, switchMs, late }) => {
    const word = `${ANSWERS[answer] ?? answer}${late ? ", late" : ""}`;
    const isBad = ["faulty", "failed", "silent"].includes(answer);
    const className = isBad ? "error" : late ? "behind" : "success";
    return [
      node,
      element("span", { text: word, className }),
      stageMs === null ? "–" : `${stageMs} ms`,
      switchMs === null ? "–" : `${switchMs} ms`,
      reason,
    ];
  });
  return plainTable(["Worker", "Answer", "Ready after", "Switched after", "Reason"], rows);
}

function changeList({ list }) {
  const items = list.map((one) =>
    element("li", {
      children: [element("b", { text: one.change }), ` ${nameOf(one)}`],
      title: one.path,
    }),
  );
  return element("ul", { className: "changes", children: items });
}

/** The lines of one artifact, those that came and went in their colours. */
function linesOf(change) {
  const lines = change.lines.trimEnd().split("\n");
  const code = element("code", {
    children: lines.map((line) => {
      const className = line.startsWith("+")
        ? "line-added"
        : line.startsWith("-")
          ? "line-removed"
          : line.startsWith("@@")
            ? "line-place"
            : "";
      return element("span", { text: `${line}\n`, className });
    }),
  });
  const pre = element("pre", { children: [code] });
  pre.tabIndex = 0;
  const summary = element("summary", { text: nameOf(change), title: change.path });
  const details = element("details", { className: "lines", children: [summary, pre] });
  details.open = true;
  return details;
}
