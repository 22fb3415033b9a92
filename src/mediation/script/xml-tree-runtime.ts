/**
 * The first part of the sandbox's XML, JavaScript text that xml-runtime.ts puts together: nodes as plain objects, made from the
 * engine's JSON arrays (script-tree.ts), copied, printed as ECMA-357 10.2 has it, and found by keys such as "@name" and
 * "uri::name". Knows nothing of E4X objects.
 */
export const XML_TREE = String.raw`  var inside = new WeakMap();
  var settings = { ignoreWhitespace: true, ignoreComments: true, ignoreProcessingInstructions: true, prettyPrinting: true, prettyIndent: 2 };
  var ELEMENT = 1, ATTRIBUTE = 2, TEXT = 3, INSTRUCTION = 7, COMMENT = 8;

  function fromTree(tree, parent) {
    if (typeof tree === "string") return { type: TEXT, value: tree, parent: parent };
    if (tree[0] === COMMENT) return { type: COMMENT, value: tree[1], parent: parent };
    if (tree[0] === INSTRUCTION) return { type: INSTRUCTION, name: tree[1], value: tree[2], parent: parent };
    var node = { type: ELEMENT, prefix: tree[1], name: tree[2], uri: tree[3], declared: tree[4], attributes: [], children: [], parent: parent };
    tree[5].forEach(function (a) { node.attributes.push({ type: ATTRIBUTE, prefix: a[0], name: a[1], uri: a[2], value: a[3], parent: node }); });
    tree[6].forEach(function (child) { if (isKept(child)) node.children.push(fromTree(child, node)); });
    return node;
  }
  function isKept(tree) {
    if (typeof tree === "string") return !settings.ignoreWhitespace || /\S/.test(tree);
    if (tree[0] === COMMENT) return !settings.ignoreComments;
    return tree[0] !== INSTRUCTION || !settings.ignoreProcessingInstructions;
  }
  function copyOf(node, parent) {
    var copy = Object.assign({}, node, { parent: parent || null });
    if (node.type !== ELEMENT) return copy;
    copy.declared = node.declared.slice();
    copy.attributes = node.attributes.map(function (a) { return copyOf(a, copy); });
    copy.children = node.children.map(function (c) { return copyOf(c, copy); });
    // Prefixes that come from around it must stay known.
    if (!parent) scopeOf(node.parent).forEach(function (pair) {
      if (!copy.declared.some(function (d) { return d[0] === pair[0]; }) && uses(copy, pair[0])) copy.declared.push(pair);
    });
    return copy;
  }
  function uses(node, prefix) {
    if (node.type !== ELEMENT) return false;
    return node.prefix === prefix || node.attributes.some(function (a) { return a.prefix === prefix && prefix !== ""; }) ||
      node.children.some(function (c) { return uses(c, prefix); });
  }
  function scopeOf(node) {
    var found = [];
    for (var at = node; at; at = at.parent)
      (at.declared || []).forEach(function (pair) {
        if (!found.some(function (d) { return d[0] === pair[0]; })) found.push(pair);
      });
    return found;
  }
  function escapeText(text) { return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;"); }
  function escapeValue(text) { return escapeText(text).replace(/"/g, "&quot;").replace(/\n/g, "&#xA;").replace(/\r/g, "&#xD;").replace(/\t/g, "&#x9;"); }

  function print(node, pretty, indent, scope) {
    var lead = pretty ? " ".repeat(indent) : "";
    if (node.type === TEXT) return lead + escapeText(pretty ? node.value.trim() : node.value);
    if (node.type === ATTRIBUTE) return lead + escapeValue(node.value);
    if (node.type === COMMENT) return lead + "<!--" + node.value + "-->";
    if (node.type === INSTRUCTION) return lead + "<?" + node.name + " " + node.value + "?>";
    var own = Object.assign({}, scope), declarations = "";
    function declare(prefix, uri) {
      if ((own[prefix] || "") === uri && (uri !== "" || own[prefix] !== undefined || prefix === "")) return;
      own[prefix] = uri;
      declarations += (prefix === "" ? " xmlns" : " xmlns:" + prefix) + '="' + escapeValue(uri) + '"';
    }
    node.declared.forEach(function (pair) { if (pair[0] !== "" || node.prefix !== "" || pair[1] === node.uri) declare(pair[0], pair[1]); });
    if (node.prefix !== "xml") declare(node.prefix, node.uri);
    var attributes = node.attributes.map(function (a) {
      if (a.prefix !== "" && a.prefix !== "xml") declare(a.prefix, a.uri);
      return " " + qualified(a) + '="' + escapeValue(a.value) + '"';
    }).join("");
    var name = qualified(node), start = lead + "<" + name + declarations + attributes;
    if (node.children.length === 0) return start + "/>";
    var nested = pretty && (node.children.length > 1 || node.children[0].type === ELEMENT);
    var inner = node.children.map(function (child) {
      return print(child, nested, nested ? indent + settings.prettyIndent : 0, own);
    });
    if (!nested) return start + ">" + (pretty ? inner.join("").trim() : inner.join("")) + "</" + name + ">";
    return start + ">\n" + inner.join("\n") + "\n" + lead + "</" + name + ">";
  }
  function qualified(node) { return node.prefix === "" ? node.name : node.prefix + ":" + node.name; }
  function printed(node, pretty) { return print(node, pretty, 0, { "": "", xml: "http://www.w3.org/XML/1998/namespace" }); }

  function isSimple(node) {
    return node.type !== COMMENT && node.type !== INSTRUCTION &&
      (node.type !== ELEMENT || !node.children.some(function (c) { return c.type === ELEMENT; }));
  }
  function textOf(node) {
    if (node.type !== ELEMENT) return node.value;
    return node.children.map(function (c) { return c.type === TEXT ? c.value : ""; }).join("");
  }
  function isSimpleList(list) {
    if (list.length === 1) return isSimple(list[0]);
    return !list.some(function (n) { return n.type === ELEMENT; });
  }
  function asText(self) {
    if (isSimpleList(self.nodes)) return self.nodes.map(textOf).join("");
    return asXml(self);
  }
  function asXml(self) {
    return self.nodes.map(function (n) { return printed(n, settings.prettyPrinting); }).join("\n");
  }

  // Keys: "name", "*", "@name", "uri::name", "*::name".
  function parseKey(key) {
    var attribute = key.charAt(0) === "@", rest = attribute ? key.slice(1) : key, at = rest.lastIndexOf("::");
    if (at !== -1) return { attribute: attribute, uri: rest.slice(0, at), name: rest.slice(at + 2) };
    return { attribute: attribute, name: rest, uri: rest === "*" ? "*" : attribute ? "" : String(api.defaultNamespace) };
  }
  function matches(node, key) {
    return (key.name === "*" || key.name === node.name) && (key.uri === "*" || key.uri === node.uri);
  }
  function select(node, key) {
    if (node.type !== ELEMENT) return [];
    if (key.attribute) return node.attributes.filter(function (a) { return matches(a, key); });
    if (key.name === "*" && key.uri === "*") return node.children.slice();
    return node.children.filter(function (c) { return c.type === ELEMENT && matches(c, key); });
  }
  function descend(node, key, found) {
    if (node.type !== ELEMENT) return found;
    if (key.attribute) select(node, key).forEach(function (a) { found.push(a); });
    node.children.forEach(function (child) {
      if (!key.attribute && (child.type === ELEMENT ? matches(child, key) : key.name === "*" && key.uri === "*")) found.push(child);
      descend(child, key, found);
    });
    return found;
  }`;
