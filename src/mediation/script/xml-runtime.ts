/**
 * The XML values of the sandbox, as JavaScript text that runs inside it: E4X objects (ECMA-357 sections 9, 10 and 13) and the
 * reading methods of Axiom elements that Nashorn scripts use. Translated scripts call `$x`. Trees come from
 * and go to the engine as JSON arrays (script-tree.ts); nothing here reaches out of the sandbox but `host`.
 */
export const XML_RUNTIME = String.raw`
var $x = (function () {
  var inside = new WeakMap();
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
  }

  function wrap(self) {
    var target = self.call ? function () {} : {};
    var proxy = new Proxy(target, handler);
    inside.set(target, self);
    inside.set(proxy, self);
    return proxy;
  }
  function one(node) { return node ? wrap({ nodes: [node], single: true }) : undefined; }
  function many(nodes, owner, key) { return wrap({ nodes: nodes, single: false, owner: owner, key: key }); }
  function selfOf(value) { return (typeof value === "object" && value !== null) || typeof value === "function" ? inside.get(value) : undefined; }
  function member(self, key) {
    var parsed = parseKey(key), nodes = [];
    self.nodes.forEach(function (n) { select(n, parsed).forEach(function (hit) { nodes.push(hit); }); });
    return { nodes: nodes, single: false, owner: self, key: key };
  }

  var handler = {
    get: function (target, key, receiver) {
      var self = inside.get(target);
      if (typeof key === "symbol") {
        if (key === Symbol.toPrimitive) return function () { return asText(self); };
        if (key === Symbol.iterator) return function () { return self.nodes.map(one)[Symbol.iterator](); };
        return key === Symbol.toStringTag ? (self.single ? "XML" : "XMLList") : undefined;
      }
      if (/^\d+$/.test(key)) return one(self.nodes[Number(key)]);
      if (key === "constructor") return self.single ? XML : XMLList;
      if (key === "prototype") return undefined;
      var found = member(self, key), method = Object.prototype.hasOwnProperty.call(methods, key) ? methods[key] : undefined;
      if (!method && typeof String.prototype[key] === "function" && isSimpleList(self.nodes))
        method = function () { return String.prototype[key].apply(asText(self), arguments); };
      if (!method) return wrap(found);
      found.call = function (args) { return method.apply(self, args); };
      return wrap(found);
    },
    apply: function (target, receiver, args) { return inside.get(target).call(args); },
    has: function (target, key) {
      var self = inside.get(target);
      if (typeof key === "symbol") return false;
      if (/^\d+$/.test(key)) return Number(key) < self.nodes.length;
      return member(self, key).nodes.length > 0 || Object.prototype.hasOwnProperty.call(methods, key);
    },
    set: function (target, key, value) {
      if (typeof key !== "symbol") put(inside.get(target), String(key), value);
      return true;
    },
    deleteProperty: function (target, key) {
      var self = inside.get(target);
      var nodes = /^\d+$/.test(key) ? self.nodes.slice(Number(key), Number(key) + 1) : member(self, key).nodes;
      nodes.forEach(detach);
      if (/^\d+$/.test(key) && !self.single) self.nodes.splice(Number(key), 1);
      return true;
    },
    ownKeys: function (target) {
      var keys = inside.get(target).nodes.map(function (n, i) { return String(i); });
      return typeof target === "function" ? keys.concat(Reflect.ownKeys(target)) : keys;
    },
    getOwnPropertyDescriptor: function (target, key) {
      if (typeof target === "function" && Reflect.getOwnPropertyDescriptor(target, key)) return Reflect.getOwnPropertyDescriptor(target, key);
      var self = inside.get(target);
      if (typeof key === "symbol" || !/^\d+$/.test(key) || Number(key) >= self.nodes.length) return undefined;
      return { value: one(self.nodes[Number(key)]), enumerable: true, configurable: true, writable: true };
    },
  };

  function detach(node) {
    var owner = node.parent;
    if (!owner) return;
    var list = node.type === ATTRIBUTE ? owner.attributes : owner.children;
    list.splice(list.indexOf(node), 1);
    node.parent = null;
  }
  // The nodes that a value stands for as content; XML that has a place already is copied.
  function contentOf(value, parent) {
    var self = selfOf(value);
    if (!self) {
      var text = String(value);
      return text === "" ? [] : [{ type: TEXT, value: text, parent: parent }];
    }
    return self.nodes.map(function (n) {
      if (n.type === ATTRIBUTE) return { type: TEXT, value: n.value, parent: parent };
      for (var at = parent; at; at = at.parent) if (at === n) throw new TypeError("XML cannot contain itself");
      var node = n.parent ? copyOf(n) : n;
      node.parent = parent;
      return node;
    });
  }
  function elementLike(key, parent) {
    var parsed = parseKey(key), prefix = "";
    if (parsed.uri !== "") scopeOf(parent).some(function (d) { prefix = d[0]; return d[1] === parsed.uri || (prefix = "", false); });
    var uri = parsed.uri === "*" ? "" : parsed.uri;
    return { type: ELEMENT, prefix: prefix, name: parsed.name, uri: uri, declared: [], attributes: [], children: [], parent: parent };
  }
  function replaceNode(node, nodes) {
    var owner = node.parent;
    if (!owner) return;
    owner.children.splice.apply(owner.children, [owner.children.indexOf(node), 1].concat(nodes));
    node.parent = null;
  }
  function setContent(node, value) {
    if (node.type !== ELEMENT) { node.value = String(value); return; }
    node.children.forEach(function (c) { c.parent = null; });
    node.children = [];
    node.children = contentOf(value, node);
  }
  function put(self, key, value) {
    if (/^\d+$/.test(key)) {
      var at = Number(key), old = self.nodes[at];
      if (self.single) throw new TypeError("An element of XML cannot be assigned by index");
      if (!old) { append(self, value); return; }
      if (selfOf(value) && old.type === ELEMENT && !isTextual(value)) {
        var nodes = contentOf(value, old.parent);
        replaceNode(old, nodes);
        self.nodes.splice.apply(self.nodes, [at, 1].concat(nodes));
      } else setContent(old, value);
      return;
    }
    var node = placeOf(self), parsed = parseKey(key);
    if (parsed.attribute) { putAttribute(node, parsed, value); return; }
    if (parsed.name === "*" && parsed.uri === "*") { setContent(node, value); return; }
    var found = select(node, parsed);
    found.slice(1).forEach(detach);
    var isXml = selfOf(value) && !isTextual(value);
    if (isXml && found[0]) replaceNode(found[0], contentOf(value, node));
    else if (isXml) node.children = node.children.concat(contentOf(value, node));
    else {
      var element = found[0] || elementLike(key, node);
      if (!found[0]) node.children.push(element);
      setContent(element, String(value));
    }
  }
  function isTextual(value) { return !selfOf(value).nodes.some(function (n) { return n.type === ELEMENT; }); }
  function append(self, value) {
    var node = self.owner && placeOf(self.owner);
    if (!node) { contentOf(value, null).forEach(function (n) { self.nodes.push(n); }); return; }
    var element = selfOf(value) && !isTextual(value) ? contentOf(value, node) : [elementLike(self.key, node)];
    if (!selfOf(value) || isTextual(value)) setContent(element[0], String(value));
    element.forEach(function (n) { node.children.push(n); self.nodes.push(n); });
  }
  // The element that a member is put into; an empty list that stands for a missing child makes it.
  function placeOf(self) {
    if (self.nodes.length === 1) return self.nodes[0];
    if (self.nodes.length > 1) throw new TypeError("A member of a list of " + self.nodes.length + " elements cannot be assigned");
    if (!self.owner) throw new TypeError("A member of an empty XMLList cannot be assigned");
    var parent = placeOf(self.owner), element = elementLike(self.key, parent);
    parent.children.push(element);
    self.nodes.push(element);
    return element;
  }
  function putAttribute(node, parsed, value) {
    var self = selfOf(value), text = self && self.nodes.length > 1 ? self.nodes.map(textOf).join(" ") : String(value);
    var found = node.attributes.filter(function (a) { return matches(a, parsed); })[0];
    if (found) { found.value = text; return; }
    var prefix = "";
    scopeOf(node).forEach(function (d) { if (d[1] === parsed.uri && d[0] !== "") prefix = d[0]; });
    if (parsed.uri !== "" && prefix === "") { prefix = "ns" + node.declared.length; node.declared.push([prefix, parsed.uri]); }
    node.attributes.push({ type: ATTRIBUTE, prefix: prefix, name: parsed.name, uri: parsed.uri, value: text, parent: node });
  }

  function first(self) {
    if (self.nodes.length !== 1) throw new TypeError("This method needs exactly one element, here are " + self.nodes.length);
    return self.nodes[0];
  }
  function keyText(name) {
    if (name === undefined) return "*";
    return name instanceof QName ? name.toString() : String(name);
  }
  function flat(self, each) {
    var nodes = [];
    self.nodes.forEach(function (n) { each(n).forEach(function (hit) { nodes.push(hit); }); });
    return many(nodes);
  }
  function childrenOf(node) { return node.children || []; }
  function ofType(type) { return function (node) { return childrenOf(node).filter(function (c) { return c.type === type; }); }; }
  function insert(self, reference, value, offset) {
    var node = first(self), mark = selfOf(reference);
    var index = mark && mark.nodes.length ? node.children.indexOf(mark.nodes[0]) + offset : offset === 1 ? 0 : node.children.length;
    var nodes = contentOf(value, node);
    node.children.splice.apply(node.children, [index, 0].concat(nodes));
  }
  function javaList(items) {
    items.size = function () { return items.length; };
    items.get = function (i) { if (i < 0 || i >= items.length) throw new RangeError("Index " + i + " of a list of " + items.length); return items[i]; };
    items.isEmpty = function () { return items.length === 0; };
    items.toArray = function () { return items.slice(); };
    items.iterator = function () { var at = 0; return { hasNext: function () { return at < items.length; }, next: function () { return items[at++]; } }; };
    return items;
  }

  var methods = {
    $descendants: function (key) { var parsed = parseKey(String(key)); return flat(this, function (n) { return descend(n, parsed, []); }); },
    $filter: function (condition) {
      return many(this.nodes.filter(function (n) { return !!condition.call(one(n)); }));
    },
    addNamespace: function (namespace) {
      var ns = new Namespace(namespace), node = first(this);
      node.declared = node.declared.filter(function (d) { return d[0] !== ns.prefix; });
      node.declared.push([ns.prefix, ns.uri]);
      return one(node);
    },
    appendChild: function (child) { var node = first(this); node.children = node.children.concat(contentOf(child, node)); return one(node); },
    attribute: function (name) { return wrap(member(this, "@" + keyText(name))); },
    attributes: function () { return flat(this, function (n) { return n.attributes || []; }); },
    child: function (name) {
      if (/^\d+$/.test(String(name))) return flat(this, function (n) { return childrenOf(n).slice(Number(name), Number(name) + 1); });
      return wrap(member(this, keyText(name)));
    },
    childIndex: function () { var node = first(this); return node.parent ? node.parent.children.indexOf(node) : NaN; },
    children: function () { return flat(this, childrenOf); },
    comments: function () { return flat(this, ofType(COMMENT)); },
    contains: function (value) { var text = asXml(selfOf(value) || { nodes: [] }); return this.nodes.some(function (n) { return asXml({ nodes: [n] }) === text; }); },
    copy: function () { var nodes = this.nodes.map(function (n) { return copyOf(n); }); return this.single ? one(nodes[0]) : many(nodes); },
    descendants: function (name) { var parsed = parseKey(keyText(name)); return flat(this, function (n) { return descend(n, parsed, []); }); },
    elements: function (name) { var parsed = parseKey(keyText(name)); return flat(this, function (n) { return ofType(ELEMENT)(n).filter(function (c) { return matches(c, parsed); }); }); },
    hasComplexContent: function () { return !isSimpleList(this.nodes); },
    hasSimpleContent: function () { return isSimpleList(this.nodes); },
    hasOwnProperty: function (name) { return /^\d+$/.test(String(name)) ? Number(name) < this.nodes.length : member(this, keyText(name)).nodes.length > 0; },
    inScopeNamespaces: function () { return scopeOf(first(this)).map(function (d) { return new Namespace(d[0], d[1]); }); },
    insertChildAfter: function (reference, child) { insert(this, reference, child, 1); return wrap(this); },
    insertChildBefore: function (reference, child) { insert(this, reference, child, 0); return wrap(this); },
    length: function () { return this.nodes.length; },
    localName: function () { var node = first(this); return node.name === undefined ? null : node.name; },
    name: function () { var node = first(this); return node.name === undefined ? null : new QName(node.uri, node.name); },
    namespace: function (prefix) {
      var node = first(this);
      if (prefix === undefined) return new Namespace(node.prefix, node.uri);
      var found = scopeOf(node).filter(function (d) { return d[0] === prefix; })[0];
      return found ? new Namespace(found[0], found[1]) : undefined;
    },
    namespaceDeclarations: function () { return first(this).declared.map(function (d) { return new Namespace(d[0], d[1]); }); },
    nodeKind: function () { return { 1: "element", 2: "attribute", 3: "text", 7: "processing-instruction", 8: "comment" }[first(this).type]; },
    normalize: function () { return wrap(this); },
    parent: function () {
      var node = this.nodes[0], parent = node && node.parent;
      return parent && this.nodes.every(function (n) { return n.parent === parent; }) ? one(parent) : undefined;
    },
    prependChild: function (child) { var node = first(this); node.children = contentOf(child, node).concat(node.children); return one(node); },
    processingInstructions: function () { return flat(this, ofType(INSTRUCTION)); },
    propertyIsEnumerable: function (name) { return Number(name) < this.nodes.length; },
    removeNamespace: function (namespace) { var uri = String(namespace), node = first(this); node.declared = node.declared.filter(function (d) { return d[1] !== uri; }); return one(node); },
    replace: function (name, value) {
      var node = first(this), found = /^\d+$/.test(String(name)) ? node.children.slice(Number(name), Number(name) + 1) : select(node, parseKey(keyText(name)));
      if (found.length === 0) return wrap(this);
      found.slice(1).forEach(detach);
      replaceNode(found[0], contentOf(value, node));
      return wrap(this);
    },
    setChildren: function (value) { setContent(first(this), value); return wrap(this); },
    setLocalName: function (name) { first(this).name = String(name instanceof QName ? name.localName : name); },
    setName: function (name) { var node = first(this), q = new QName(name); node.name = q.localName; if (q.uri !== "") { node.uri = q.uri; node.prefix = ""; } },
    setNamespace: function (namespace) { var ns = new Namespace(namespace), node = first(this); node.uri = ns.uri; node.prefix = ns.prefix || ""; },
    text: function () { return flat(this, ofType(TEXT)); },
    toString: function () { return asText(this); },
    toXMLString: function () { return asXml(this); },
    toJSON: function () { return asText(this); },
    valueOf: function () { return this.single ? one(this.nodes[0]) : many(this.nodes); },
    // Axiom
    addAttribute: function (name, value) { putAttribute(first(this), parseKey("@" + name), value); },
    addChild: function (child) { var node = first(this); node.children = node.children.concat(contentOf(child, node)); },
    build: function () {},
    detach: function () { this.nodes.forEach(detach); return wrap(this); },
    getAttributeValue: function (name) { var found = member(this, "@" + keyText(name)).nodes[0]; return found ? found.value : null; },
    getChildElements: function () { return javaList([].concat.apply([], this.nodes.map(ofType(ELEMENT))).map(one)).iterator(); },
    getChildren: function () { return javaList([].concat.apply([], this.nodes.map(childrenOf)).map(one)).iterator(); },
    getChildrenWithName: function (name) { return javaList(member(this, keyText(name)).nodes.map(one)).iterator(); },
    getChildrenWithLocalName: function (name) { return javaList(member(this, "*::" + name).nodes.map(one)).iterator(); },
    getFirstChildWithName: function (name) { return one(member(this, keyText(name)).nodes[0]) || null; },
    getFirstElement: function () { return one(ofType(ELEMENT)(first(this))[0]) || null; },
    getLocalName: function () { return first(this).name; },
    getNamespaceURI: function () { return first(this).uri; },
    getParent: function () { return one(first(this).parent) || null; },
    getPrefix: function () { return first(this).prefix; },
    getQName: function () { var node = first(this); return new QName(node.uri, node.name); },
    getText: function () { return textOf(first(this)); },
    setText: function (text) { setContent(first(this), String(text)); },
    toStringWithConsume: function () { return asXml(this); },
  };

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
