/**
 * The third part of the sandbox's XML, JavaScript text that xml-runtime.ts puts together: the methods of XML and XMLList
 * (ECMA-357 13.4.4 and 13.5.4) and the reading methods of Axiom elements that Nashorn scripts use. `this` is what a
 * proxy of xml-value-runtime.ts stands for.
 */
export const XML_METHODS = String.raw`  function first(self) {
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
  };`;
