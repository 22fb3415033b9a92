import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type Browser, chromium, type Page } from "playwright-core";
import { eventually } from "../../helpers/http-request.ts";
import { addLine } from "../../helpers/made-logs.ts";
import { proxyPath, proxyXml } from "../../helpers/toy-compile.ts";
import { ToldWorker } from "../../helpers/told-worker.ts";
import { appOf } from "../../unit/mediation/carbonapp/app-world.ts";
import { makeConfig, makeHome, removeHome, start, type StartedManager } from "./manager-fixture.ts";

const CHROMIUM = process.env["BASCULE_CHROMIUM"] ?? "/usr/bin/chromium";
/** Makes pictures of the pages in this folder, for people. */
const PICTURES = process.env["BASCULE_PICTURES"];

const isWithout = !existsSync(CHROMIUM) && "needs chromium, or BASCULE_CHROMIUM";

describe("the console in a browser", { skip: isWithout }, () => {
  const home = makeHome();
  const worker = new ToldWorker();
  let started: StartedManager;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  before(async () => {
    started = await start(makeConfig(home), { ownStage: () => worker, healthWindowMs: 0 });
    browser = await chromium.launch({ executablePath: CHROMIUM, chromiumSandbox: false });
    page = await browser.newPage({ ignoreHTTPSErrors: true });
    page.setDefaultTimeout(5_000);
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      // A browser reports each 4xx answer; those are part of the pages' life.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
        complaints.push(message.text());
    });
    page.on("dialog", (dialog) => void dialog.accept());
  });

  after(async () => {
    await browser.close();
    await started.manager.close();
    removeHome(home);
  });

  async function picture(name: string): Promise<void> {
    if (PICTURES) await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true });
  }

  function rowsOf(id: string) {
    return page.locator(`#${id} tbody tr`);
  }

  async function deploy(xml: string): Promise<void> {
    await page.getByLabel("or paste the text of one").fill(xml);
    await page.getByRole("button", { name: "Deploy", exact: true }).click();
  }

  it("asks for a login and says when it is wrong", async () => {
    await page.goto(`${started.url}/`);
    assert.equal(new URL(page.url()).pathname, "/carbon/");
    await page.getByLabel("User name").fill("admin");
    await page.getByLabel("Password").fill("not the password");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByText("the user name or the password is wrong").waitFor();
    await picture("login");
  });

  it("shows nodes, artifacts and deployments after the login", async () => {
    const file = join(home, "repository", "database", "initial-admin-password");
    await page.getByLabel("Password").fill(readFileSync(file, "utf8").trim());
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("heading", { name: "Nodes" }).waitFor();
    await rowsOf("nodes").getByText("standalone").waitFor();
    await rowsOf("artifacts").getByText("None").waitFor();
  });

  it("shows each problem of a refusal, as text", async () => {
    await deploy(proxyXml("P", "FAULT <img src=x onerror=alert(1)>"));
    const problems = page.locator("#deploy-result li");
    await problems.first().waitFor();
    assert.match((await problems.first().textContent()) ?? "", /:2: /);
    assert.equal(await page.locator("img[src=x]").count(), 0);
    await picture("refused");
  });

  it("deploys what is pasted, and shows it live", async () => {
    await deploy(proxyXml("P"));
    await page.getByText("proxy-service P is deployed").waitFor();
    await rowsOf("artifacts").getByText("P", { exact: true }).waitFor();
    const live = (await started.publisher.live()) ?? "";
    assert.equal(await page.locator("#revision").textContent(), live);
    await rowsOf("deployments").first().getByText("deployed", { exact: true }).waitFor();
    assert.equal((await rowsOf("deployments").count()) >= 2, true);
    await picture("overview");
  });

  it("deploys a chosen file", async () => {
    await page.getByLabel("Choose XML files or carbon applications").setInputFiles({
      name: "Q.xml",
      mimeType: "text/xml",
      buffer: Buffer.from(proxyXml("Q")),
    });
    await page.waitForFunction(
      () => document.querySelector("textarea")?.value.includes('name="Q"') ?? false,
    );
    await page.getByRole("button", { name: "Deploy", exact: true }).click();
    await page.getByText("proxy-service Q is deployed").waitFor();
    assert.ok(started.publisher.commits.at(-1)?.tree.has(proxyPath("Q")));
  });

  it("deploys several chosen files together, or none of them", async () => {
    const choose = (names: readonly string[], content: string): Promise<void> =>
      page.getByLabel("Choose XML files or carbon applications").setInputFiles(
        names.map((name) => ({
          name: `${name}.xml`,
          mimeType: "text/xml",
          buffer: Buffer.from(proxyXml(name, name === "Second" ? content : "")),
        })),
      );
    const button = page.getByRole("button", { name: "Deploy", exact: true });
    await choose(["First", "Second"], "FAULT");
    await button.click();
    await page.locator("#deploy-result li", { hasText: /^Second\.xml:\d+: / }).waitFor();
    assert.equal(await rowsOf("artifacts").getByText("First", { exact: true }).count(), 0);
    await choose(["First", "Second"], "");
    await button.click();
    await page.getByText("proxy-service First, proxy-service Second are deployed").waitFor();
    assert.equal(await page.locator("#deploy-xml").isEnabled(), true);
  });

  it("shows the artifacts that the filter asks for", async () => {
    await page.getByRole("searchbox").fill("seco");
    await rowsOf("artifacts").getByText("First", { exact: true }).waitFor({ state: "detached" });
    assert.equal(await rowsOf("artifacts").count(), 1);
    await page.getByRole("searchbox").fill("");
    await rowsOf("artifacts").getByText("First", { exact: true }).waitFor();
  });

  it("takes the source of an artifact to where it can be changed", async () => {
    await page.getByRole("button", { name: "Source of Second" }).click();
    await page.getByRole("button", { name: "Edit" }).click();
    await page.locator("#source").waitFor({ state: "hidden" });
    assert.match(await page.locator("#deploy-xml").inputValue(), /name="Second"/);
  });

  it("shows the source, and undeploys", async () => {
    await page.getByRole("button", { name: "Source of Q" }).click();
    await page.locator("dialog").getByText('name="Q"').waitFor();
    await page.getByRole("button", { name: "Close" }).click();
    await page.getByRole("button", { name: "Undeploy proxy-service Q" }).click();
    await page.getByText("proxy-service Q is undeployed").waitFor();
    assert.equal(started.publisher.commits.at(-1)?.tree.has(proxyPath("Q")), false);
  });

  it("tells everything about one deployment: workers, steps, what changed, line by line", async () => {
    await deploy(proxyXml("P", "<changed/>"));
    await page.getByText("proxy-service P is deployed").waitFor();
    await rowsOf("deployments")
      .first()
      .getByRole("button", { name: /^Details/ })
      .click();
    const dialog = page.locator("#deployment");
    await dialog.getByRole("cell", { name: "ready" }).waitFor();
    await dialog.getByText("changed proxy-service P").waitFor();
    await dialog.locator(".line-added", { hasText: "<changed/>" }).waitFor();
    await dialog.locator(".line-removed", { hasText: "<target/>" }).waitFor();
    assert.match((await dialog.textContent()) ?? "", /stage \d/);
    assert.equal(await dialog.getByRole("button", { name: "Roll back to this" }).count(), 0);
    await picture("deployment");
    await dialog.getByRole("button", { name: "Close" }).click();
  });

  it("rolls back to a deployment, once that is confirmed", async () => {
    const source = async (): Promise<string> => {
      const live = (await started.publisher.live()) ?? "";
      return (await started.publisher.fileAt(live, proxyPath("P")))?.content.toString() ?? "";
    };
    assert.match(await source(), /<changed\/>/);
    await rowsOf("deployments")
      .filter({ hasText: "undeploy proxy-service Q" })
      .getByRole("button", { name: /^Details/ })
      .click();
    await page.getByRole("button", { name: "Roll back to this" }).click();
    await page.getByText(/The content of deployment \d+ is live again/).waitFor();
    assert.doesNotMatch(await source(), /<changed\/>/);
    await page.locator("#deployment").getByRole("button", { name: "Close" }).click();
    await rowsOf("deployments")
      .first()
      .getByText(/^rollback /)
      .waitFor();
  });

  it("shows what a worker refused, who and why, and keeps it among the candidates", async () => {
    const message = "no such class <b>mediator</b>";
    const problems = [{ file: proxyPath("P"), line: 2, message }];
    worker.answer = { kind: "faulty", problems };
    await deploy(proxyXml("P", "<other/>"));
    await page.locator("#deploy-result").getByRole("cell", { name: "faulty" }).waitFor();
    await page.locator("#deploy-result li", { hasText: message }).waitFor();
    const candidate = rowsOf("candidates").first();
    await candidate.getByText(message).first().waitFor();
    await picture("candidates");
    await candidate.getByRole("button", { name: /^Details/ }).click();
    await page.locator("#deployment .line-added", { hasText: "<other/>" }).waitFor();
    assert.equal(await page.getByRole("button", { name: "Roll back to this" }).count(), 0);
    await page.locator("#deployment").getByRole("button", { name: "Close" }).click();
    worker.answer = { kind: "ready" };
  });

  it("deploys a carbon application, and undeploys it", async () => {
    await page.getByLabel("Choose XML files or carbon applications").setInputFiles({
      name: "any name.car",
      mimeType: "application/octet-stream",
      buffer: appOf("Shop", []),
    });
    await page.waitForFunction(() => document.querySelector("textarea")?.disabled ?? false);
    await page.getByRole("button", { name: "Deploy", exact: true }).click();
    await page.getByText("carbonapp Shop_1.0.0 is deployed").waitFor();
    assert.ok(started.publisher.commits.at(-1)?.tree.has("carbonapps/Shop_1.0.0.car"));
    await page.getByRole("button", { name: "Undeploy carbonapp Shop_1.0.0" }).click();
    await page.getByText("carbonapp Shop_1.0.0 is undeployed").waitFor();
  });

  it("deploys a file of any form as a registry resource, shows it, and takes it to where it can be changed", async () => {
    const key = page.getByLabel("Registry key, where the file is a resource");
    const button = page.getByRole("button", { name: "Deploy", exact: true });
    await page.getByLabel("Choose XML files or carbon applications").setInputFiles({
      name: "quote.txt",
      mimeType: "text/plain",
      buffer: Buffer.from("Quote of the day: é"),
    });
    await key.fill("somewhere/quote.txt");
    await button.click();
    const fault = /^quote\.txt:1: "somewhere\/quote\.txt" is no key of a registry resource/;
    await page.locator("#deploy-result li", { hasText: fault }).waitFor();
    await key.fill("conf:/formats/quote.txt");
    await button.click();
    await page.getByText("registry-resource conf:/formats/quote.txt is deployed").waitFor();
    const path = "registry/config/formats/quote.txt";
    const live = async (): Promise<string | undefined> => {
      const commit = (await started.publisher.live()) ?? "";
      return (await started.publisher.fileAt(commit, path))?.content.toString();
    };
    assert.equal(await live(), "Quote of the day: é");
    await page.getByRole("button", { name: "Source of conf:/formats/quote.txt" }).click();
    await page.locator("dialog").getByText("Quote of the day: é").waitFor();
    await page.getByRole("button", { name: "Edit" }).click();
    assert.equal(await key.inputValue(), "conf:/formats/quote.txt");
    await page.getByLabel("or paste the text of one").fill("Another quote");
    await button.click();
    await page.getByText("registry-resource conf:/formats/quote.txt is deployed").waitFor();
    assert.equal(await live(), "Another quote");
    await picture("resource");
    await page
      .getByRole("button", { name: "Undeploy registry-resource conf:/formats/quote.txt" })
      .click();
    await page.getByText("registry-resource conf:/formats/quote.txt is undeployed").waitFor();
  });

  it("shows by itself what others deploy", async () => {
    const file = join(home, "repository", "database", "initial-admin-password");
    await started.ask("/management/deployments", readFileSync(file, "utf8").trim(), {
      body: proxyXml("FromElsewhere"),
      headers: { "content-type": "application/xml" },
    });
    await rowsOf("artifacts").getByText("FromElsewhere").waitFor();
  });

  it("shows a node's log as it is written, as text, and only from the chosen level on", async () => {
    addLine(started.ring, "an old line");
    addLine(started.ring, "<img src=y onerror=alert(1)> is text");
    await page.getByRole("button", { name: "Log of manager" }).click();
    const lines = page.getByRole("log", { name: "Log of manager" });
    await lines.getByText("an old line").waitFor();
    await page.getByText("New lines appear as they are written.").waitFor();
    addLine(started.ring, "a new line");
    await lines.getByText("a new line").waitFor();
    assert.equal(await page.locator("img[src=y]").count(), 0);
    addLine(started.ring, "a warning", "warn");
    await page.getByLabel("Lines from").selectOption("warn");
    await lines.getByText("a warning").waitFor();
    await picture("log");
    assert.equal(await lines.locator("div").count(), 1);
    await page.getByRole("button", { name: "Close" }).click();
    await eventually("the tail has ended", async () =>
      started.log.messages("info").some((line) => /no longer followed by admin/.test(line))
        ? true
        : undefined,
    );
  });

  it("fits a narrow screen and a dark one, and ends at the logout without a complaint of the browser", async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    await page.emulateMedia({ colorScheme: "dark" });
    await picture("narrow-dark");
    const isTooWide = await page.evaluate(
      () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
    );
    assert.equal(isTooWide, false);
    const undeploy = await page
      .getByRole("button", { name: /^Undeploy/ })
      .first()
      .boundingBox();
    assert.ok(undeploy && undeploy.x + undeploy.width <= 360, JSON.stringify(undeploy));
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByRole("heading", { name: "Log in" }).waitFor();
    assert.deepEqual(complaints, []);
  });
});
