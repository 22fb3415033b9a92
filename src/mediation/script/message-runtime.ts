/**
 * The `mc` object of scripts (ScriptMessageContext of Synapse), `print` and the few functions of Rhino and Nashorn beside it, as
 * JavaScript text that runs inside the sandbox after xml-runtime.ts. Everything goes through `host`, a function of two
 * texts that answers with a text (script-message.ts holds its other side).
 */
export const MESSAGE_RUNTIME = String.raw`
var mc = (function () {
  function ask(op) {
    var answer = host(op, JSON.stringify(Array.prototype.slice.call(arguments, 1)));
    return answer === "" ? undefined : JSON.parse(answer);
  }
  function orNull(value) { return value === undefined ? null : value; }
  function address(field) {
    var text = ask("getAddress", field);
    if (text === undefined) return null;
    return { getAddress: function () { return text; }, toString: function () { return text; }, toJSON: function () { return text; } };
  }
  function setAddress(field) { return function (value) { ask("setAddress", field, value === null || value === undefined ? null : String(value)); }; }
  function getAddress(field) { return function () { return address(field); }; }
  function getText(field) { return function () { return orNull(ask("getAddress", field)); }; }
  function outward(value) {
    if (value === undefined || value === null) return { kind: "none" };
    if ($x.isXml(value)) return { kind: "xml", value: $x.text(value) };
    if (typeof value === "object" && !(value instanceof String || value instanceof Number || value instanceof Boolean))
      return { kind: "text", value: value.toJSON || Object.getPrototypeOf(value) === Object.prototype || Array.isArray(value) ? JSON.stringify(value) : String(value) };
    var plain = value.valueOf();
    if (typeof plain === "number" || typeof plain === "boolean") return { kind: "value", value: plain };
    return { kind: "text", value: String(plain) };
  }
  function inward(found) {
    if (!found) return null;
    if (found.kind === "xml") return $x.element(found.value);
    return found.value;
  }
  function headers() {
    return {
      get: function (name) { return orNull(ask("getProperty", String(name), "transport")) && ask("getProperty", String(name), "transport").value; },
      put: function (name, value) { ask("setProperty", String(name), "transport", outward(value)); },
      remove: function (name) { ask("removeProperty", String(name), "transport"); },
      containsKey: function (name) { return ask("getProperty", String(name), "transport") !== undefined; },
      keySet: function () { return $x.javaList(ask("headerNames")); },
      size: function () { return ask("headerNames").length; },
      toString: function () { var all = ask("headerNames"), self = this; return "{" + all.map(function (n) { return n + "=" + self.get(n); }).join(", ") + "}"; },
    };
  }
  function logger() {
    function line(level) { return function (text) { ask("log", level, String(text)); }; }
    return { trace: line("trace"), debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error"), fatal: line("error"),
      isDebugEnabled: function () { return true; }, isTraceEnabled: function () { return false; }, isInfoEnabled: function () { return true; },
      auditLog: line("info"), auditWarn: line("warn"), auditError: line("error") };
  }
  function xpath(expression) {
    var namespaces = {};
    function evaluate(context, kind) {
      if (!$x.isXml(context)) return ask("xpath", String(expression), namespaces, kind, null, []);
      var place = $x.place(context);
      var answer = ask("xpath", String(expression), namespaces, kind, $x.rootText(place.root), place.path);
      return kind === "nodes" ? answer.map(function (hit) { return hit.path ? $x.at(place.root, hit.path) : $x.element(hit.tree); }) : answer;
    }
    function nodes(context) {
      var found = evaluate(context, "nodes");
      return $x.isXml(context) ? found : found.map(function (hit) { return $x.element(hit.tree); });
    }
    return {
      addNamespace: function (prefix, uri) { namespaces[String(prefix)] = String(uri); },
      selectNodes: function (context) { return $x.javaList(nodes(context)); },
      selectSingleNode: function (context) { return orNull(nodes(context)[0]); },
      evaluate: function (context) { return $x.javaList(nodes(context)); },
      stringValueOf: function (context) { return evaluate(context, "string"); },
      valueOf: function (context) { return arguments.length === 0 ? this : evaluate(context, "string"); },
      numberValueOf: function (context) { return Number(evaluate(context, "string")); },
      booleanValueOf: function (context) { return evaluate(context, "boolean"); },
      toString: function () { return String(expression); },
    };
  }
  function asXml(value) { return $x.isXml(value) ? $x.text(value) : String(value); }

  var api = {
    getPayloadXML: function () { var tree = ask("payloadXml"); return tree === undefined ? null : $x.element(tree); },
    setPayloadXML: function (value) { ask("setPayloadXml", asXml(value)); },
    getPayloadJSON: function () { return orNull(ask("payloadJson")); },
    setPayloadJSON: function (value) { ask("setPayloadJson", typeof value === "string" || value instanceof String ? String(value) : JSON.stringify(value)); },
    getJsonText: function () { return orNull(ask("jsonText")); },
    setJsonText: function (value) { ask("setPayloadJson", String(value)); },
    getPayloadText: function () { return orNull(ask("payloadText")); },
    setPayloadText: function (value) { ask("setPayloadText", String(value)); },
    getEnvelope: function () { return $x.element(ask("envelope")); },
    getEnvelopeXML: function () { return $x.element(ask("envelope")); },
    setEnvelope: function (value) { ask("setEnvelope", asXml(value)); },
    addHeader: function (mustUnderstand, content) { ask("addHeader", !!mustUnderstand, asXml(content)); },
    getProperty: function (name, scope) {
      if (scope === "axis2" && String(name) === "TRANSPORT_HEADERS") return headers();
      return inward(ask("getProperty", String(name), scope === undefined || scope === null ? "default" : String(scope)));
    },
    setProperty: function (name, value, scope) { ask("setProperty", String(name), scope === undefined || scope === null ? "default" : String(scope), outward(value)); },
    removeProperty: function (name, scope) { ask("removeProperty", String(name), scope === undefined || scope === null ? "default" : String(scope)); },
    getPropertyKeySet: function () { var keys = ask("propertyNames"); keys.contains = function (n) { return keys.indexOf(String(n)) !== -1; }; return $x.javaList(keys); },
    getTransportHeaders: headers,
    getXpathResult: xpath,
    getParsedOMElement: function (text) { return $x.isXml(text) ? text : XML(String(text)); },
    getEntry: function (key) { return inward(ask("entry", String(key))); },
    getTo: getAddress("To"), setTo: setAddress("To"),
    getFrom: getAddress("From"), setFrom: setAddress("From"),
    getReplyTo: getAddress("ReplyTo"), setReplyTo: setAddress("ReplyTo"),
    getFaultTo: getAddress("FaultTo"), setFaultTo: setAddress("FaultTo"),
    getRelatesTo: getAddress("RelatesTo"), setRelatesTo: setAddress("RelatesTo"),
    getMessageID: getText("MessageID"), setMessageID: setAddress("MessageID"),
    getWSAMessageID: getText("MessageID"), setWSAMessageID: setAddress("MessageID"),
    getWSAAction: getText("Action"), setWSAAction: setAddress("Action"),
    getSoapAction: getText("Action"), setSoapAction: setAddress("Action"),
    isResponse: function () { return ask("is", "response"); },
    setResponse: function (value) { ask("setResponse", !!value); },
    isDoingPOX: function () { return ask("is", "rest"); },
    isDoingGET: function () { return ask("is", "get"); },
    isDoingREST: function () { return ask("is", "rest"); },
    isSOAP11: function () { return ask("is", "soap11"); },
    isFaultResponse: function () { return ask("is", "fault"); },
    getServiceLog: logger,
    jsonSerializerCallMember: function (key, value) { return JSON.stringify(value); },
  };
  // A function that only Java has says so when it is called.
  return new Proxy(api, {
    get: function (target, key) {
      if (key in target || typeof key === "symbol" || !/^(get|set|is|add|remove)[A-Z]/.test(key)) return target[key];
      return function () { throw new TypeError("mc." + key + " is not available to scripts"); };
    },
  });
})();
function print() { mc.getServiceLog().info(Array.prototype.map.call(arguments, String).join(" ")); }
var println = print;
var console = mc.getServiceLog();
console.log = print;
(function (global) {
  global.mc = mc;
  global.print = print;
  global.println = println;
  global.console = console;
  var initial = new Set(Object.getOwnPropertyNames(global));
  initial.add("$tidy");
  global.$tidy = function () {
    Object.getOwnPropertyNames(global).forEach(function (name) { if (!initial.has(name)) delete global[name]; });
    $x.reset();
  };
})(globalThis);
`;
