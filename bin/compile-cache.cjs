// Where Node keeps what it has compiled: the next start takes half the time. It must be a folder that nobody else can
// write, for what lies there runs as the program does; Node's own choice, a shared temporary folder, is none.
//   $NODE_COMPILE_CACHE                  where the operator says
//   node_modules/.cache in the package   whoever can write there can change the program as well
//   $CACHE_DIRECTORY                     a systemd service's (CacheDirectory=)
//   $XDG_CACHE_HOME or ~/.cache          of this user alone
// Where none of them can be had nothing is kept. All of them may be removed at any time.
"use strict";

var fs = require("fs");
var os = require("os");
var path = require("path");
var nodeModule = require("module");

/** @returns the folder in use; undefined: none. */
function enableCompileCache(packageRoot, environment) {
  if (environment.NODE_COMPILE_CACHE) return nodeModule.enableCompileCache().directory;
  var enabled = nodeModule.constants.compileCacheStatus.ENABLED;
  return foldersFor(packageRoot, environment).find(function (folder) {
    return nodeModule.enableCompileCache(folder).status === enabled;
  });
}

/** Those of the list above that are there and this user's own, in its order. */
function foldersFor(packageRoot, environment) {
  var service = (environment.CACHE_DIRECTORY || "").split(":")[0];
  var places = [
    [packageRoot, "node_modules", ".cache", "bascule"],
    [service, "compiled"],
    environment.XDG_CACHE_HOME
      ? [environment.XDG_CACHE_HOME, "bascule", "compiled"]
      : [os.homedir(), ".cache", "bascule", "compiled"],
  ];
  return places
    .filter(function (place) {
      return path.isAbsolute(place[0]) && isMade(place);
    })
    .map(function (place) {
      return path.join.apply(path, place);
    });
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
exports.foldersFor = foldersFor;
