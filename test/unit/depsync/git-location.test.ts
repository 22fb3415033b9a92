/** Which locations of a repository are allowed, and where the password goes. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseGitLocation } from "../../../src/depsync/git-location.ts";

describe("parseGitLocation", () => {
  const allowed: readonly (readonly [text: string, url: string, protocol: string])[] = [
    ["/srv/repository.git", "/srv/repository.git", "file"],
    ["/srv/with space.git", "/srv/with space.git", "file"],
    ["file:///srv/repository.git", "/srv/repository.git", "file"],
    ["file:///srv/with%20space.git", "/srv/with space.git", "file"],
    ["https://git.example/x.git", "https://git.example/x.git", "https"],
    ["ssh://git@git.example/x.git", "ssh://git@git.example/x.git", "ssh"],
    ["git@git.example:x.git", "git@git.example:x.git", "ssh"],
    ["http://127.0.0.1:8080/x.git", "http://127.0.0.1:8080/x.git", "http"],
  ];
  for (const [text, url, protocol] of allowed) {
    it(`takes ${text}`, () => {
      const location = parseGitLocation(text);
      assert.deepEqual([location.url, location.protocol], [url, protocol]);
      assert.deepEqual([location.config, location.secrets], [[], []]);
    });
  }

  const refused = [
    "ext::sh -c touch% /tmp/x",
    "EXT::sh",
    "--upload-pack=touch /tmp/x",
    "-x",
    "relative/path.git",
    "http://git.example/x.git",
    "git://git.example/x.git",
    "ftp://git.example/x.git",
    "ssh://-oProxyCommand=x/y",
    "git@host:-x y",
    "/srv/a\nb",
    "file:///srv/a%0Ab",
    "file://host/srv/x",
    "",
  ];
  for (const text of refused) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(() => parseGitLocation(text), { code: "DEPLOYMENT_REPOSITORY" });
    });
  }

  it("takes user and password out of the URL and puts them into a header for that host only", () => {
    const location = parseGitLocation("https://us%40er:p%3Ass@git.example:8443/x.git");
    const basic = Buffer.from("us@er:p:ss").toString("base64");
    assert.equal(location.url, "https://git.example:8443/x.git");
    assert.deepEqual(location.config, [
      ["http.https://git.example:8443/.extraHeader", `Authorization: Basic ${basic}`],
    ]);
    assert.deepEqual(location.secrets, [basic, "p:ss"]);
  });

  it("prefers explicit credentials to those of the URL", () => {
    const credentials = { user: "u", password: "p" };
    const location = parseGitLocation("https://a:b@git.example/x", credentials);
    assert.deepEqual(location.secrets, [Buffer.from("u:p").toString("base64"), "p"]);
  });

  it("hides the password of a URL that it refuses", () => {
    assert.throws(
      () => parseGitLocation("http://user:secret@git.example/x"),
      (error: Error) => !error.message.includes("secret") && error.message.includes("use https"),
    );
  });
});
