// Where Node keeps what it has compiled: the next start takes half the time. It must be a folder that nobody else can
// write, for what lies there runs as the program does; Node's own choice, a shared temporary folder, is none.
//   $NODE_COMPILE_CACHE                  where the operator says
//   node_modules/.cache in the package   whoever can write there can change the program as well
//   $CACHE_DIRECTORY                     a systemd service's (CacheDirectory=)
//   $XDG_CACHE_HOME or ~/.cache          of this user alone
// Where none of them can be had nothing is kept. All of them may be removed at any time.
"use strict";

var fs = require("fs");
var path = require("path");
var nodeModule = require("module");

/** @returns the folder in use; undefined: none. */
function enableCompileCache(packageRoot, environment) {
  if (environment.NODE_COMPILE_CACHE) return nodeModule.enableCompileCache().directory;
  var folder = ownFolder(packageRoot, environment);
  return folder && nodeModule.enableCompileCache(folder).directory;
}

/** The first of the list above that is this user's own; made where it is missing. Undefined: none is. */
function ownFolder(packageRoot, environment) {
  var service = (environment.CACHE_DIRECTORY || "").split(":")[0];
  var places = [
    [packageRoot, "node_modules", ".cache", "bascule"],
    [service, "compiled"],
    environment.XDG_CACHE_HOME
      ? [environment.XDG_CACHE_HOME, "bascule", "compiled"]
      : [environment.HOME || "", ".cache", "bascule", "compiled"],
  ];
  var own = places.find(function (place) {
    return path.isAbsolute(place[0]) && isMade(place);
  });
  return own && path.join.apply(path, own);
}

/** Makes what is missing below the first part. Whether the folder is this user's and nobody else can write it. */
function isMade(place) {
  try {
    var folder = place.reduce(function (parent, name) {
      var child = path.join(parent, name);
      if (!fs.existsSync(child)) fs.mkdirSync(child, { mode: 0o700 });
      return child;
    });
    var found = fs.lstatSync(folder);
    return found.isDirectory() && found.uid === process.getuid() && (found.mode & 0o022) === 0;
  } catch (error) {
    return false;
  }
}

exports.enableCompileCache = enableCompileCache;
exports.ownFolder = ownFolder;
