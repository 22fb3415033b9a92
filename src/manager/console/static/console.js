/**
 * The console's page: shows login or overview, refreshes the overview every two seconds, and sends what the
 * forms say to the management API. Texts reach the page as text nodes only, never as markup.
 */
import { ApiError, callApi } from "./api.js";
import { DeployForm } from "./deploy-form.js";
import { DeploymentDetails, workerTable } from "./deployment-details.js";
import { namesOf, whoText } from "./deployment-words.js";
import { NodeLog } from "./node-log.js";
import { element, fillTable, problemList, shortRevision } from "./dom.js";

const REFRESH_MS = 2000;
const DEPLOYMENTS_SHOWN = 10;
/** What the API gives at once. */
const DEPLOYMENTS_SHOWN_MAX = 100;

/** Whether the user may change things; the manager checks it again. */
let isAdmin = false;
/** How many deployments the page lists; grows when older ones are asked for. */
let deploymentsShown = DEPLOYMENTS_SHOWN;
/** What is deployed, of which the filter shows a part. */
let artifactList = [];
/** The key of the registry resource whose source is shown, or "". */
let shownKey = "";
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
  const [nodes, artifacts, deployments, candidates] = await Promise.all([
    callApi("GET", "nodes", options),
    callApi("GET", "artifacts", options),
    callApi("GET", `deployments?limit=${deploymentsShown}`, options),
    callApi("GET", "candidates", options),
  ]);
  byId("revision").textContent = artifacts.revision ?? "none";
  showTable("nodes", nodes.list, (node) => nodeRow(node, artifacts.revision, nodes.list));
  artifactList = artifacts.list;
  showArtifacts();
  showTable("deployments", deployments.list, deploymentRow);
  const isAll = deployments.next === null || deploymentsShown >= DEPLOYMENTS_SHOWN_MAX;
  byId("deployments-older").hidden = isAll;
  byId("candidates-card").hidden = candidates.count === 0;
  showTable("candidates", candidates.list, candidateRow);
}

function showArtifacts() {
  const wanted = byId("artifacts-filter").value.trim().toLowerCase();
  const holds = ({ kind, name }) => `${kind} ${name}`.toLowerCase().includes(wanted);
  showTable("artifacts", artifactList.filter(holds), artifactRow);
}

function showTable(id, list, toRow) {
  const content = JSON.stringify([list, byId("revision").textContent]);
  if (shown.get(id) === content) return;
  shown.set(id, content);
  fillTable(byId(id), list.map(toRow));
}

function nodeRow({ name, role, address, state, revision, ...certificate }, live, all) {
  const isBehind = role !== "gateway" && revision !== live;
  const commit = element("code", { text: shortRevision(revision), title: revision ?? "" });
  return [
    name,
    role,
    address,
    element("span", { text: state, className: `state-${state}` }),
    isBehind ? element("span", { className: "behind", children: [commit, " (not live)"] }) : commit,
    certificateCell(certificate),
    logButton(role, all.filter((node) => node.name === name).length > 1 ? address : name),
  ];
}

/** How long the internal certificate of a registered node is valid still; the manager says when that is not long. */
function certificateCell({ certificateDaysLeft: days, certificateUntil, certificateWarning }) {
  if (days === undefined) return "";
  const text = days < 0 ? "expired" : `${days} days`;
  const title = certificateWarning ?? `until ${certificateUntil.slice(0, 10)}`;
  return element("span", { text, title, className: certificateWarning ? "behind" : "" });
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

function deploymentRow({ id, at, who, via, action, artifacts, outcome, commit, problems }) {
  const what = element("span", {
    text: `${action} ${namesOf(artifacts)}`,
    title: artifacts.map(({ path }) => path).join("\n"),
  });
  const time = element("time", { text: new Date(at).toLocaleString() });
  time.dateTime = at;
  const text = outcome === "deployed" && action === "undeploy" ? "undeployed" : outcome;
  const word = element("span", { text, className: `outcome-${outcome}` });
  return [
    time,
    whoText(who, via),
    what,
    element("div", { children: problems.length > 0 ? [word, problemList(problems)] : [word] }),
    element("code", { text: shortRevision(commit), title: commit ?? "" }),
    detailsButton(id),
  ];
}

function detailsButton(id) {
  const label = `Details of deployment ${id}`;
  const button = element("button", { text: "Details", className: "quiet", label });
  button.addEventListener("click", () => void run(() => openDetails(id)));
  return element("span", { children: [button] });
}

function openDetails(id) {
  const live = byId("revision").textContent;
  return deploymentDetails.open(id, { isAdmin, live });
}

function candidateRow({ commit, deployment, workers }) {
  const code = element("code", { text: shortRevision(commit), title: commit });
  if (!deployment) return [code, "–", "the journal tells nothing of it any more", ""];
  const { id, who, via, action, artifacts, problems } = deployment;
  const refusing = workers.filter(({ reason }) => reason);
  const why = refusing.map(({ reason }) => element("p", { className: "error", text: reason }));
  if (problems.length > 0) why.unshift(problemList(problems));
  const what = `${action} ${namesOf(artifacts)} by ${whoText(who, via)}`;
  return [code, what, element("div", { children: why }), detailsButton(id)];
}

/** Called by the dialog once the way back is confirmed. */
async function rollBack(id, result) {
  try {
    const { commit } = await callApi("POST", `deployments/${id}/rollback`);
    const text = `The content of deployment ${id} is live again as revision ${shortRevision(commit)}.`;
    result.replaceChildren(element("p", { className: "success", text }));
  } catch (error) {
    showRefusal(result, error);
  }
  await refresh();
}

async function showSource(kind, name) {
  if (kind === "carbonapp") return downloadApp(name);
  const path = `artifacts/${encodeURIComponent(kind)}/${encodeURIComponent(name)}`;
  byId("source-text").textContent = await callApi("GET", path);
  shownKey = kind === "registry-resource" ? name : "";
  byId("source-title").textContent = `${kind} ${name}`;
  byId("source-edit").hidden = !isAdmin;
  byId("source").showModal();
}

/** An archive has no source to show: it is saved, as it was deployed. */
function downloadApp(name) {
  const link = element("a", {});
  link.href = `/management/artifacts/carbonapp/${encodeURIComponent(name)}`;
  link.download = `${name}.car`;
  link.click();
}

/** The source goes to where it can be changed and deployed again. */
function editSource() {
  byId("deploy").scrollIntoView({ block: "nearest" });
  deployForm.edit(byId("source-text").textContent, shownKey);
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
  result.replaceChildren("Deploying…");
  try {
    const answer = await deployForm.send();
    const verb = answer.artifacts.length > 1 ? "are" : "is";
    const text = `${namesOf(answer.artifacts)} ${verb} deployed; revision ${shortRevision(answer.commit)} is live.`;
    result.replaceChildren(element("p", { className: "success", text }));
    deployForm.forget();
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
  const { problems, workers } = error;
  const text = problems.length > 0 ? "Refused: nothing was changed." : error.message;
  const children = [element("p", { className: "error", text })];
  if (problems.length > 0) children.push(problemList(problems));
  if (workers.length > 0) children.push(workerTable(workers));
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
  byId("artifacts-filter").addEventListener("input", showArtifacts);
  byId("deployments-older").addEventListener("click", () => {
    deploymentsShown = Math.min(DEPLOYMENTS_SHOWN_MAX, deploymentsShown * 3);
    void run(refresh);
  });
  byId("source-edit").addEventListener("click", editSource);
}

/** One refresh after the other, so that a slow manager is not asked twice at once. */
async function keepFresh() {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, REFRESH_MS));
    if (!document.hidden && !byId("overview").hidden) await run(refresh);
  }
}

const deployForm = new DeployForm(
  { file: byId("deploy-file"), key: byId("deploy-key"), text: byId("deploy-xml") },
  run,
);

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

const deploymentDetails = new DeploymentDetails(
  {
    dialog: byId("deployment"),
    title: byId("deployment-title"),
    body: byId("deployment-body"),
    rollback: byId("deployment-rollback"),
    result: byId("deployment-result"),
  },
  run,
  rollBack,
);

addHandlers();
await run(async () => {
  showOverview(await callApi("GET", "session"));
  await refresh();
});
await keepFresh();
