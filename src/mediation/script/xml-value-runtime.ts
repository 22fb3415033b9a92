/**
 * The second part of the sandbox's XML, JavaScript text that xml-runtime.ts puts together: the proxies around nodes that
 * scripts hold (ECMA-357 9.1 and 9.2): a member read, written, deleted and iterated. Needs the names of
 * xml-tree-runtime.ts and the methods of xml-method-runtime.ts.
 */
export const XML_VALUES = String.raw`  function wrap(self) {
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
  }`;
