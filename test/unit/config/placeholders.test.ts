/** `${name}` in configuration files. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { placeholderLookup, replacePlaceholders } from "../../../src/config/placeholders.ts";

const lookup = placeholderLookup({
  home: "/home/esb",
  properties: { host: "from-property", "carbon.home": "/elsewhere", loop: "${loop}" },
  environment: { host: "from-environment", PORT: "4100", EMPTY: "" },
});

describe("placeholders", () => {
  it("replaces what Bascule knows, then properties, then the environment", () => {
    assert.deepEqual(replacePlaceholders("${carbon.home}/${host}:${PORT}", lookup), {
      text: "/home/esb/from-property:4100",
      unknown: [],
    });
  });

  it("leaves unknown names in place and tells them", () => {
    assert.deepEqual(replacePlaceholders("${a}-${PORT}-${constructor}", lookup), {
      text: "${a}-4100-${constructor}",
      unknown: ["a", "constructor"],
    });
  });

  it("does not look at a replacement again", () => {
    assert.equal(replacePlaceholders("${loop}", lookup).text, "${loop}");
  });

  it("takes an empty variable as empty, and half a placeholder as text", () => {
    assert.equal(replacePlaceholders("[${EMPTY}] ${open $x}", lookup).text, "[] ${open $x}");
    assert.equal(replacePlaceholders("price $5 ${", lookup).text, "price $5 ${");
  });
});
