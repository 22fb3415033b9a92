import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { PACKAGE_ROOT } from "../../../../src/runtime/product.ts";
import { startFixture } from "../../../helpers/management-fixture.ts";

describe("docs/management-api.md", () => {
  it("lists exactly the routes of the code, with who may use them", async () => {
    const { routes } = await startFixture();
    const text = readFileSync(join(PACKAGE_ROOT, "docs", "management-api.md"), "utf8");
    const rows = [
      ...text.matchAll(/^\| (GET|POST|DELETE) +\| `([^`]+)` +\| (\w+) +\| (.+?) +\|$/gm),
    ];
    const documented = rows.map(([, method, path, access, summary]) =>
      [method, path, access, summary].join(" "),
    );
    const coded = routes.map(({ method, path, access, summary }) =>
      [method, path, access, summary].join(" "),
    );
    assert.deepEqual(documented.toSorted(), coded.toSorted());
  });
});

describe("GET /management/openapi.json", () => {
  it("describes every route with parameters, bodies and answers from the schemas that check them", async () => {
    const { ask, routes } = await startFixture();
    const document = (await ask("GET", "/management/openapi.json")).json();
    assert.equal(document.openapi, "3.1.0");
    const operations = Object.values(document.paths).flatMap((path) => Object.keys(path as object));
    assert.equal(operations.length, routes.length);
    const deploy = document.paths["/management/deployments"].post;
    assert.deepEqual(Object.keys(deploy.requestBody.content), [
      "application/xml",
      "text/xml",
      "application/octet-stream",
      "application/json",
    ]);
    assert.equal(deploy.parameters[0].name, "file");
    assert.deepEqual(Object.keys(deploy.responses), ["200", "201", "400", "422", "503"]);
    const source = document.paths["/management/artifacts/{kind}/{name}"].get;
    assert.deepEqual(
      source.parameters.map(({ name }: { name: string }) => name),
      ["kind", "name"],
    );
    assert.deepEqual(document.paths["/health/live"].get.security, []);
  });
});

describe("every answer", () => {
  it("carries headers that keep browsers from loading, framing and guessing, and names no version", async () => {
    const { ask } = await startFixture();
    for (const url of ["/carbon/", "/management/nodes", "/nothing", "/health/live"]) {
      const { headers } = await ask("GET", url);
      assert.match(String(headers["content-security-policy"]), /^default-src 'self';/, url);
      assert.equal(headers["x-content-type-options"], "nosniff", url);
      assert.equal(headers["x-frame-options"], "DENY", url);
      assert.equal(headers["server"], undefined, url);
      assert.equal(headers["x-powered-by"], undefined, url);
    }
  });

  it("says in WSO2's form what is wrong", async () => {
    const { ask } = await startFixture();
    const answer = await ask("GET", "/management/nothing?x=1");
    assert.equal(answer.status, 404);
    assert.deepEqual(answer.json(), {
      Error: "there is nothing at GET /management/nothing",
      code: "RESOURCE_UNKNOWN",
    });
  });

  it("tells strangers not even which paths there are", async () => {
    const { ask } = await startFixture();
    for (const url of ["/management/nothing", "/nothing"])
      assert.equal((await ask("GET", url, { isAnonymous: true })).status, 401, url);
  });

  it("hides the reason of an internal fault and logs it", async () => {
    const { ask, store, log } = await startFixture();
    await store.close();
    const answer = await ask("GET", "/management/nodes");
    assert.equal(answer.status, 500);
    assert.deepEqual(answer.json(), {
      Error: "an internal error; the manager's log tells more",
      code: "INTERNAL",
    });
    assert.ok(log.lines.some(({ level, fields }) => level === "error" && fields?.["error"]));
  });
});

describe("health", () => {
  it("is live always and ready while the database answers, without credentials", async () => {
    const { ask, store } = await startFixture();
    const anonymous = { isAnonymous: true };
    assert.equal((await ask("GET", "/health/live", anonymous)).status, 200);
    assert.deepEqual((await ask("GET", "/health/ready", anonymous)).json(), { status: "UP" });
    await store.close();
    assert.equal((await ask("GET", "/health/live", anonymous)).status, 200);
    const down = await ask("GET", "/health/ready", anonymous);
    assert.equal(down.status, 503);
    const missing = "the database or the deployment repository";
    assert.deepEqual(down.json(), { status: "DOWN", missing });
  });
});

describe("the console's pages", () => {
  it("are reached from / and /carbon", async () => {
    const { ask } = await startFixture();
    for (const url of ["/", "/carbon"]) {
      const { status, headers } = await ask("GET", url, { isAnonymous: true });
      assert.equal(status, 302);
      assert.equal(headers["location"], "/carbon/");
    }
  });

  it("come without a login, load nothing from elsewhere and hold no inline script or style", async () => {
    const { ask } = await startFixture();
    const page = await ask("GET", "/carbon/", { isAnonymous: true });
    assert.equal(page.status, 200);
    assert.equal(page.headers["content-type"], "text/html; charset=utf-8");
    assert.doesNotMatch(page.text, /https?:\/\/|<script>|<style|style=|\son\w+=/);
    const references = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, name]) => name);
    assert.ok(references.includes("console.js"));
    for (const name of references) {
      const file = await ask("GET", `/carbon/${name}`, { isAnonymous: true });
      assert.equal(file.status, 200, name);
      assert.ok(file.text.length > 0);
    }
  });

  it("are not sent again when the browser has them", async () => {
    const { ask } = await startFixture();
    const { headers } = await ask("GET", "/carbon/console.js");
    const again = await ask("GET", "/carbon/console.js", {
      headers: { "if-none-match": String(headers["etag"]) },
    });
    assert.equal(again.status, 304);
  });

  it("are nothing else than the files of the folder", async () => {
    const { ask } = await startFixture();
    for (const url of ["/carbon/../package.json", "/carbon/%2e%2e/app.ts", "/carbon/nothing"])
      assert.notEqual((await ask("GET", url)).status, 200, url);
  });
});
