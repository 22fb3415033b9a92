// Checks the Node version in syntax that every Node can parse, then starts the program:
// src/main.ts in a checkout (Node strips the types), dist/main.js in an installed package.
"use strict";

var path = require("path");
var fs = require("fs");
var url = require("url");

var NEEDED = [24, 12];
var found = process.versions.node.split(".").map(Number);

if (found[0] < NEEDED[0] || (found[0] === NEEDED[0] && found[1] < NEEDED[1])) {
  process.stderr.write(
    "bascule: needs Node.js " +
      NEEDED.join(".") +
      " or newer, but this is " +
      process.versions.node +
      " (" +
      process.execPath +
      ").\n" +
      "bascule: install a newer Node.js, or run `npm install --include=optional` beside it: its binary comes with npm.\n",
  );
  process.exit(1);
}

var root = path.dirname(__dirname);
var source = path.join(root, "src", "main.ts");
var built = path.join(root, "dist", "main.js");
var main = fs.existsSync(source) ? source : built;

require("./compile-cache.cjs").enableCompileCache(root, process.env);
import(url.pathToFileURL(main).href).catch(function (error) {
  process.stderr.write("bascule: " + (error && error.stack ? error.stack : String(error)) + "\n");
  process.exit(1);
});
