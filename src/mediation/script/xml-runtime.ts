/**
 * The XML values of the sandbox, as JavaScript text that runs inside it: E4X objects (ECMA-357 sections 9, 10 and 13) and the
 * reading methods of Axiom elements that Nashorn scripts use. Translated scripts call `$x`; here are the constructors and that
 * object, the parts before them in the files beside this one. Trees come from and go to the engine as JSON
 * arrays (script-tree.ts); nothing here reaches out of the sandbox but `host`.
 */
import { XML_METHODS } from "./xml-method-runtime.ts";
import { XML_TREE } from "./xml-tree-runtime.ts";
import { XML_VALUES } from "./xml-value-runtime.ts";

export const XML_RUNTIME = String.raw`
var $x = (function () {
${XML_TREE}

${XML_VALUES}

${XML_METHODS}

  function parse(text) { return JSON.parse(host("parse", String(text).trim())); }
  function fromText(text) {
    var trimmed = text.trim();
    if (trimmed.charAt(0) !== "<") return { type: TEXT, value: text, parent: null };
    return inDefault(fromTree(parse(trimmed), null), "");
  }
  // Names without prefix and declaration are in the default namespace of the script.
  function inDefault(node) {
    var uri = String(api.defaultNamespace);
    if (uri === "" || node.type !== ELEMENT) return node;
    if (node.prefix === "" && node.uri === "") { node.uri = uri; node.children.forEach(inDefault); }
    else node.children.forEach(function (c) { if (c.prefix !== "") inDefault(c); });
    return node;
  }
  function XML(value) {
    var self = selfOf(value);
    if (self && self.nodes.length === 1) return one(new.target ? copyOf(self.nodes[0]) : self.nodes[0]);
    if (self && self.nodes.length > 1) throw new TypeError("XML() needs a list of one element, this one has " + self.nodes.length);
    return one(value === undefined || value === null || self ? { type: TEXT, value: "", parent: null } : fromText(String(value)));
  }
  function XMLList(value) {
    var self = selfOf(value);
    if (self) return many(self.nodes.slice());
    return value === undefined || value === null || value === "" ? many([]) : listOf(String(value));
  }
  function listOf(text) {
    var node = fromTree(parse("<list>" + text + "</list>"), null);
    node.children.forEach(function (c) { c.parent = null; inDefault(c); });
    return many(node.children);
  }
  ["ignoreWhitespace", "ignoreComments", "ignoreProcessingInstructions", "prettyPrinting", "prettyIndent"].forEach(function (name) {
    Object.defineProperty(XML, name, { get: function () { return settings[name]; }, set: function (v) { settings[name] = name === "prettyIndent" ? Math.min(20, Math.max(0, Number(v) || 0)) : !!v; } });
  });
  XML.settings = function () { return Object.assign({}, settings); };
  XML.defaultSettings = function () { return { ignoreWhitespace: true, ignoreComments: true, ignoreProcessingInstructions: true, prettyPrinting: true, prettyIndent: 2 }; };
  XML.setSettings = function (given) { Object.assign(settings, given || XML.defaultSettings()); };
  [XML, XMLList].forEach(function (type) {
    Object.defineProperty(type, Symbol.hasInstance, { value: function (v) { var self = selfOf(v); return !!self && (type === XML || !self.single); } });
  });
  function Namespace(prefix, uri) {
    if (!(this instanceof Namespace)) return new Namespace(prefix, uri);
    if (prefix instanceof Namespace && uri === undefined) { this.prefix = prefix.prefix; this.uri = prefix.uri; }
    else { this.prefix = uri === undefined ? "" : String(prefix); this.uri = String(uri === undefined ? (prefix === undefined ? "" : prefix) : uri); }
  }
  Namespace.prototype.toString = function () { return this.uri; };
  function QName(uri, name) {
    if (!(this instanceof QName)) return new QName(uri, name);
    if (name === undefined && uri instanceof QName) { this.uri = uri.uri; this.localName = uri.localName; return; }
    if (name === undefined) { var at = String(uri).lastIndexOf("::"); this.uri = at < 0 ? "" : String(uri).slice(0, at); this.localName = at < 0 ? String(uri) : String(uri).slice(at + 2); return; }
    this.uri = uri === null ? "*" : String(uri); this.localName = String(name);
  }
  QName.prototype.toString = function () { return this.uri === "" ? this.localName : this.uri + "::" + this.localName; };
  QName.prototype.getLocalPart = function () { return this.localName; };
  QName.prototype.getNamespaceURI = function () { return this.uri; };

  var api = {
    defaultNamespace: "",
    reset: function () { api.defaultNamespace = ""; settings = XML.defaultSettings(); },
    literal: function (text) { return one(inDefault(fromTree(parse(text.trim()), null))); },
    list: function (text) { return listOf(text); },
    content: function (value) { return selfOf(value) ? selfOf(value).nodes.map(function (n) { return n.type === ATTRIBUTE ? escapeText(n.value) : printed(n, false); }).join("") : escapeText(String(value)); },
    attribute: function (value) { return escapeValue(String(value)); },
    name: function (value) { return String(value); },
    key: function (namespace, name) { return String(namespace instanceof Namespace ? namespace.uri : namespace) + "::" + name; },
    attributeKey: function (name) { return "@" + keyText(name); },
    add: function (left, right) {
      var own = selfOf(left), more = selfOf(right).nodes;
      if (own && own.owner && !own.single) { many([]); append(own, right); return left; }
      return many((own ? own.nodes : []).concat(more));
    },
    each: function (value) { var self = selfOf(value); return self ? self.nodes.map(one) : value === null || value === undefined ? [] : Object.values(value); },
    isXml: function (value) { return !!selfOf(value); },
    element: function (tree) { return one(fromTree(tree, null)); },
    text: function (value) { return selfOf(value).nodes.map(function (n) { return printed(n, false); }).join(""); },
    // Where an element stands: the root of its tree, and the indexes of elements on the way to it.
    place: function (value) {
      var node = selfOf(value).nodes[0], path = [];
      for (; node && node.parent; node = node.parent) path.unshift(ofType(ELEMENT)(node.parent).indexOf(node));
      return { root: node, path: path };
    },
    rootText: function (root) { return printed(root, false); },
    at: function (root, path) { return one(path.reduce(function (node, index) { return ofType(ELEMENT)(node)[index]; }, root)); },
    javaList: javaList,
  };
  globalThis.XML = XML;
  globalThis.XMLList = XMLList;
  globalThis.Namespace = Namespace;
  globalThis.QName = QName;
  return api;
})();
`;
