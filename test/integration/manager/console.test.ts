import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type Browser, chromium, type Page } from "playwright-core";
import { eventually } from "../../helpers/http-request.ts";
import { addLine } from "../../helpers/made-logs.ts";
import { proxyPath, proxyXml } from "../../helpers/toy-compile.ts";
import { makeConfig, makeHome, removeHome, start, type StartedManager } from "./manager-fixture.ts";

const CHROMIUM = process.env["BASCULE_CHROMIUM"] ?? "/usr/bin/chromium";
/** Makes pictures of the pages in this folder, for people. */
const PICTURES = process.env["BASCULE_PICTURES"];

const isWithout = !existsSync(CHROMIUM) && "needs chromium, or BASCULE_CHROMIUM";

describe("the console in a browser", { skip: isWithout }, () => {
  const home = makeHome();
  let started: StartedManager;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  before(async () => {
    started = await start(makeConfig(home));
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
    await page.getByLabel("or paste the XML of one artifact").fill(xml);
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
    await page.getByLabel("Choose an XML file").setInputFiles({
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

  it("shows the source, and undeploys", async () => {
    await page.getByRole("button", { name: "Source of Q" }).click();
    await page.locator("dialog").getByText('name="Q"').waitFor();
    await page.getByRole("button", { name: "Close" }).click();
    await page.getByRole("button", { name: "Undeploy proxy-service Q" }).click();
    await page.getByText("proxy-service Q is undeployed").waitFor();
    assert.equal(started.publisher.commits.at(-1)?.tree.has(proxyPath("Q")), false);
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
