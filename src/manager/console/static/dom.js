/** Pieces of the page, made of elements and text nodes: what the API says is never read as markup. */

/**
 * @param {string} name
 * @param {{text?: string, className?: string, title?: string, label?: string, children?: (Node | string)[]}} options
 */
export function element(name, { text, className, title, label, children = [] }) {
  const made = document.createElement(name);
  if (name === "button") made.type = "button";
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  if (title) made.title = title;
  if (label) made.setAttribute("aria-label", label);
  made.append(...children);
  return made;
}

/** Replaces the rows of a table; no row at all is said in words. */
export function fillTable(table, rows) {
  const body = table.tBodies[0];
  if (rows.length > 0) {
    body.replaceChildren(...rows.map(toRow));
    return;
  }
  const empty = element("td", { className: "empty", text: "None" });
  empty.colSpan = table.tHead.rows[0].cells.length;
  body.replaceChildren(element("tr", { children: [empty] }));
}

/** A table of its own, for dialogs. */
export function plainTable(headings, rows) {
  const cells = headings.map((text) => {
    const cell = element("th", { text });
    cell.scope = "col";
    return cell;
  });
  const head = element("thead", { children: [element("tr", { children: cells })] });
  const body = element("tbody", { children: rows.map(toRow) });
  const table = element("table", { children: [head, body] });
  return element("div", { className: "scroll", children: [table] });
}

function toRow(cells) {
  const children = cells.map((cell) => {
    const hasButtons = cell instanceof Element && cell.querySelector("button") !== null;
    return element("td", { className: hasButtons ? "actions" : "", children: [cell] });
  });
  return element("tr", { children });
}

/** The problems of a refusal, one a line: file:line: message. */
export function problemList(problems) {
  const items = problems.map(({ file, line, message }) =>
    element("li", { text: `${file}:${line}: ${message}` }),
  );
  return element("ul", { className: "problems", children: items });
}

/** A commit as people read it. */
export function shortRevision(revision) {
  return revision ? revision.slice(0, 10) : "–";
}
