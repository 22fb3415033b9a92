/**
 * The console's page: shows login or overview, refreshes the overview every two seconds, and sends what the
 * forms say to the management API. Texts reach the page as text nodes only, never as markup.
 */
import { ApiError, callApi } from "./api.js";
import { NodeLog } from "./node-log.js";
import { element, fillTable, problemList, shortRevision } from "./dom.js";

const REFRESH_MS = 2000;
const DEPLOYMENTS_SHOWN = 10;

/** Whether the user may change things; the manager checks it again. */
let isAdmin = false;
/** What each table showed last, so that an unchanged one keeps focus and selection. */
const shown = new Map();

function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no element ${id}`);
  return found;
}

function showLogin() {
  byId("overview").hidden = true;
  byId("account").hidden = true;
  byId("login").hidden = false;
  byId("login-user").focus();
}

function showOverview({ userId, isAdmin: admin }) {
  isAdmin = admin;
  shown.clear();
  byId("login").hidden = true;
  byId("user").textContent = userId;
  byId("account").hidden = false;
  byId("deploy").hidden = !admin;
  byId("overview").hidden = false;
}

async function refresh() {
  const options = { isRefresh: true };
  const [nodes, artifacts, deployments] = await Promise.all([
    callApi("GET", "nodes", options),
    callApi("GET", "artifacts", options),
    callApi("GET", `deployments?limit=${DEPLOYMENTS_SHOWN}`, options),
  ]);
  byId("revision").textContent = artifacts.revision ?? "none";
  showTable("nodes", nodes.list, (node) => nodeRow(node, artifacts.revision, nodes.list));
  showTable("artifacts", artifacts.list, artifactRow);
  showTable("deployments", deployments.list, deploymentRow);
}

function showTable(id, list, toRow) {
  const content = JSON.stringify([list, byId("revision").textContent]);
  if (shown.get(id) === content) return;
  shown.set(id, content);
  fillTable(byId(id), list.map(toRow));
}

function nodeRow({ name, role, address, state, revision }, live, all) {
  const isBehind = role !== "gateway" && revision !== live;
  const commit = element("code", { text: shortRevision(revision), title: revision ?? "" });
  return [
    name,
    role,
    address,
    element("span", { text: state, className: `state-${state}` }),
    isBehind ? element("span", { className: "behind", children: [commit, " (not live)"] }) : commit,
    logButton(role, all.filter((node) => node.name === name).length > 1 ? address : name),
  ];
}

/** Gateways have no management port. Nodes that share a name are told apart by their address. */
function logButton(role, node) {
  if (!isAdmin || role === "gateway") return "";
  const button = element("button", { text: "Log", className: "quiet", label: `Log of ${node}` });
  button.addEventListener("click", () => nodeLog.open(node));
  return element("span", { children: [button] });
}

function artifactRow({ kind, name }) {
  const source = element("button", {
    text: "Source",
    className: "quiet",
    label: `Source of ${name}`,
  });
  source.addEventListener("click", () => void run(() => showSource(kind, name)));
  if (!isAdmin) return [kind, name, element("span", { children: [source] })];
  const undeploy = element("button", {
    text: "Undeploy",
    className: "quiet",
    label: `Undeploy ${kind} ${name}`,
  });
  undeploy.addEventListener("click", () => void run(() => undeployArtifact(kind, name)));
  return [kind, name, element("span", { children: [source, " ", undeploy] })];
}

function deploymentRow({ at, who, via, action, artifacts, outcome, commit, problems }) {
  const what = artifacts
    .map(({ kind, name, path }) => (kind ? `${kind} ${name}` : path))
    .join(", ");
  const time = element("time", { text: new Date(at).toLocaleString() });
  time.dateTime = at;
  const word = element("span", { text: outcome, className: `outcome-${outcome}` });
  return [
    time,
    `${who} (${via})`,
    `${action} ${what}`,
    element("div", { children: problems.length > 0 ? [word, problemList(problems)] : [word] }),
    element("code", { text: shortRevision(commit), title: commit ?? "" }),
  ];
}

async function showSource(kind, name) {
  const path = `artifacts/${encodeURIComponent(kind)}/${encodeURIComponent(name)}`;
  byId("source-text").textContent = await callApi("GET", path);
  byId("source-title").textContent = `${kind} ${name}`;
  byId("source").showModal();
}

async function undeployArtifact(kind, name) {
  if (!window.confirm(`Undeploy ${kind} ${name} from the whole cluster?`)) return;
  const path = `artifacts/${encodeURIComponent(kind)}/${encodeURIComponent(name)}`;
  const result = byId("undeploy-result");
  try {
    const { commit } = await callApi("DELETE", path);
    const text = `${kind} ${name} is undeployed; revision ${shortRevision(commit)} is live.`;
    result.replaceChildren(element("span", { className: "success", text }));
  } catch (error) {
    showRefusal(result, error);
  }
  await refresh();
}

async function deploy() {
  const result = byId("deploy-result");
  const [file] = byId("deploy-file").files;
  const query = file ? `?file=${encodeURIComponent(file.name)}` : "";
  result.replaceChildren("Deploying…");
  try {
    const answer = await callApi("POST", `deployments${query}`, { xml: byId("deploy-xml").value });
    const names = answer.artifacts.map(({ kind, name }) => `${kind} ${name}`).join(", ");
    const text = `${names} is deployed; revision ${shortRevision(answer.commit)} is live.`;
    result.replaceChildren(element("p", { className: "success", text }));
  } catch (error) {
    showRefusal(result, error);
  }
  await refresh();
}

/** Problems of a refusal go to the place of the action; everything else is the caller's. */
function showRefusal(place, error) {
  if (!(error instanceof ApiError) || error.status === 401) {
    place.replaceChildren();
    throw error;
  }
  const { problems } = error;
  const text = problems.length > 0 ? "Refused: nothing was changed." : error.message;
  const children = [element("p", { className: "error", text })];
  if (problems.length > 0) children.push(problemList(problems));
  place.replaceChildren(...children);
}

/** Runs an action; a session that has ended leads to the login, anything else is told in the header. */
async function run(action) {
  try {
    await action();
    byId("connection").textContent = "";
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) showLogin();
    else byId("connection").textContent = error instanceof Error ? error.message : String(error);
  }
}

async function logIn() {
  const message = byId("login-error");
  message.textContent = "";
  const [user, password] = [byId("login-user").value, byId("login-password").value];
  try {
    showOverview(await callApi("POST", "session", { json: { user, password } }));
    byId("login-password").value = "";
    await refresh();
  } catch (error) {
    message.textContent = error instanceof Error ? error.message : String(error);
  }
}

function addHandlers() {
  const onSubmit = (id, action) =>
    byId(id).addEventListener("submit", (event) => {
      event.preventDefault();
      void run(action);
    });
  onSubmit("login-form", logIn);
  onSubmit("deploy-form", deploy);
  byId("logout").addEventListener(
    "click",
    () =>
      void run(async () => {
        await callApi("DELETE", "session");
        showLogin();
      }),
  );
  byId("deploy-file").addEventListener(
    "change",
    () =>
      void run(async () => {
        const [file] = byId("deploy-file").files;
        if (file) byId("deploy-xml").value = await file.text();
      }),
  );
}

/** One refresh after the other, so that a slow manager is not asked twice at once. */
async function keepFresh() {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, REFRESH_MS));
    if (!document.hidden && !byId("overview").hidden) await run(refresh);
  }
}

const nodeLog = new NodeLog(
  {
    dialog: byId("log"),
    title: byId("log-title"),
    status: byId("log-status"),
    lines: byId("log-lines"),
    level: byId("log-level"),
    follow: byId("log-follow"),
  },
  (error) => {
    const isLoggedOut = error instanceof ApiError && error.status === 401;
    if (isLoggedOut) showLogin();
    return isLoggedOut;
  },
);

addHandlers();
await run(async () => {
  showOverview(await callApi("GET", "session"));
  await refresh();
});
await keepFresh();
