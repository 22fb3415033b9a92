/**
 * The operations that a published contract offers, and whether a message is for one of them: by SOAPAction, by the path
 * behind the service's name, by the first element of the body (the dispatchers of Axis2). WSDL 1.1 and 2.0.
 */
import { elementsOf, parseDocument, rootOf, type XmlElementNode } from "../xml/dom.ts";

export interface WsdlOperations {
  readonly names: readonly string[];
  /** SOAP actions of the bindings. */
  readonly actions: ReadonlySet<string>;
  /** Local names of the elements that input messages consist of. */
  readonly elements: ReadonlySet<string>;
}

const WSDL20 = "http://www.w3.org/ns/wsdl";

/**
 * The operations of a WSDL text; undefined when it names none itself (they may lie in a document that it imports).
 * @throws MediationFault when the text is not XML.
 */
export function wsdlOperations(text: string): WsdlOperations | undefined {
  const root = rootOf(parseDocument(text));
  const isNew = root.namespaceURI === WSDL20;
  const operations = children(root, isNew ? "interface" : "portType").flatMap((group) =>
    children(group, "operation"),
  );
  const names = [...new Set(operations.map((operation) => attribute(operation, "name")))];
  if (names.length === 0) return undefined;
  const inputs = operations.flatMap((operation) => children(operation, "input"));
  const elements = isNew
    ? inputs.map((input) => attribute(input, "element"))
    : messageElements(root, inputs);
  return { names, actions: actionsOf(root), elements: new Set(elements.map(localName)) };
}

/** What the messages of inputs consist of; an rpc message is an element of the operation's own name. */
function messageElements(
  root: XmlElementNode,
  inputs: readonly XmlElementNode[],
): readonly string[] {
  const wanted = new Set(inputs.map((input) => localName(attribute(input, "message"))));
  return children(root, "message")
    .filter((message) => wanted.has(attribute(message, "name")))
    .flatMap((message) => children(message, "part"))
    .map((part) => attribute(part, "element"))
    .filter((name) => name !== "");
}

function actionsOf(root: XmlElementNode): ReadonlySet<string> {
  const actions = new Set<string>();
  for (const binding of children(root, "binding"))
    for (const operation of children(binding, "operation"))
      for (const node of [operation, ...elementsOf(operation)])
        for (const name of ["soapAction", "action"])
          for (const { localName: local, value } of node.attributes)
            if (local === name && value !== "") actions.add(value);
  return actions;
}

/** What a message says about the operation that it wants. */
export interface OperationHints {
  /** SOAPAction, or the wsa:Action; "" when there is none. */
  readonly action: string;
  /** The segment behind the service's name; "" when there is none. */
  readonly segment: string;
}

/** Whether the head of a message names an operation. */
export function isNamedOperation(operations: WsdlOperations, hints: OperationHints): boolean {
  const { action, segment } = hints;
  if (action !== "" && operations.actions.has(action)) return true;
  // "urn:getQuote" and "getQuote" mean the operation of that name, as in ActionBasedOperationDispatcher.
  if (operations.names.includes(action.replace(/^urn:/, ""))) return true;
  return segment !== "" && operations.names.includes(segment);
}

/** Whether the first element of a body belongs to an operation. */
export function isKnownElement(operations: WsdlOperations, name: string): boolean {
  return operations.elements.has(name) || operations.names.includes(name);
}

function children(parent: XmlElementNode, name: string): readonly XmlElementNode[] {
  return elementsOf(parent).filter((element) => element.localName === name);
}

function attribute(element: XmlElementNode, name: string): string {
  return element.getAttribute(name) ?? "";
}

function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}
