import assert from "node:assert/strict";
import { test } from "node:test";
import { MediationFault } from "../../../../../src/mediation/mediation-fault.ts";
import { readDocument } from "../../../../../src/mediation/xml/tree/document-parser.ts";
import { treeText } from "../../../../../src/mediation/xml/tree/tree-writer.ts";
import { XmlDocument } from "../../../../../src/mediation/xml/tree/xml-document.ts";
import type { XmlElementNode } from "../../../../../src/mediation/xml/tree/xml-element-node.ts";

const BOUNDS = { depthMax: 50, tagsMax: 1_000, attributesMax: 20 };

function rootOf(text: string): XmlElementNode {
  const root = readDocument(text, BOUNDS).documentElement;
  assert.ok(root);
  return root;
}

test("nodes are put, moved, replaced and taken away, and know their neighbours", () => {
  const root = rootOf("<r><a/><b/><c/></r>");
  const [a, b, c] = root.childNodes;
  assert.ok(a && b && c);
  root.insertBefore(c, a);
  assert.equal(treeText(root), "<r><c/><a/><b/></r>");
  root.insertBefore(a, a);
  root.appendChild(c);
  assert.equal(treeText(root), "<r><a/><b/><c/></r>");
  root.replaceChild(a, b);
  assert.equal(treeText(root), "<r><a/><c/></r>");
  root.replaceChild(c, a);
  assert.equal(treeText(root), "<r><c/></r>");
  assert.deepEqual(
    [a.parentNode, a.nextSibling, b.parentNode, c.previousSibling, c.nextSibling, root.lastChild],
    [null, null, null, null, null, c],
  );
  assert.equal(root.removeChild(c), c);
  assert.deepEqual([root.firstChild, root.lastChild], [null, null]);
});

test("a node that moves to another document belongs to it with everything inside", () => {
  const root = rootOf("<r><a b='1'><c>x</c></a></r>");
  const other = rootOf("<o/>");
  const a = root.firstChild;
  assert.ok(a);
  other.appendChild(a);
  assert.equal(treeText(root), "<r/>");
  assert.equal(treeText(other), '<o><a b="1"><c>x</c></a></o>');
  assert.equal(a.firstChild?.firstChild?.ownerDocument, other.ownerDocument);
});

test("a tree stays a tree", () => {
  const root = rootOf("<r><a><b/></a>x</r>");
  const document = root.ownerDocument;
  const [a, text] = root.childNodes;
  const b = a?.firstChild;
  assert.ok(document && a && b && text);
  assert.throws(() => b.appendChild(a), /a cannot be inside itself/);
  assert.throws(() => a.appendChild(a), /a cannot be inside itself/);
  assert.throws(() => text.appendChild(b), MediationFault);
  assert.throws(() => root.appendChild(new XmlDocument()), MediationFault);
  assert.throws(() => document.appendChild(b), /a cannot|b cannot/);
  assert.throws(() => document.appendChild(document.createTextNode("x")), MediationFault);
  assert.throws(() => root.removeChild(b), /not a child/);
  assert.throws(() => root.insertBefore(document.createElement("n"), b), /not a child/);
  assert.equal(treeText(document), "<r><a><b/></a>x</r>");
  document.replaceChild(b, root);
  assert.equal(treeText(document), "<b/>");
});

test("a copy shares nothing with the original", () => {
  const root = rootOf("<r a='1'><b>x</b><!--c--><?p d?><![CDATA[e]]></r>");
  const copy = root.cloneNode(true);
  root.setAttribute("a", "2");
  root.removeChild(root.firstChild ?? root);
  assert.equal(treeText(copy), '<r a="1"><b>x</b><!--c--><?p d?><![CDATA[e]]></r>');
  assert.equal(treeText(root.cloneNode(false)), '<r a="2"/>');
  assert.equal(copy.parentNode, null);
});

test("attributes are found and set by qualified name and by namespace", () => {
  const root = rootOf("<r xmlns:p='u' a='1' p:a='2'/>");
  assert.deepEqual(
    [root.getAttribute("a"), root.getAttribute("p:a"), root.getAttributeNS("u", "a")],
    ["1", "2", "2"],
  );
  assert.deepEqual([root.getAttribute("b"), root.getAttributeNS("v", "a")], [null, null]);
  root.setAttribute("p:a", "3");
  root.setAttributeNS("u", "q:a", "4");
  root.setAttribute("b", "5");
  root.setAttributeNS("http://www.w3.org/XML/1998/namespace", "xml:lang", "en");
  assert.equal(treeText(root), '<r xmlns:p="u" a="1" p:a="4" b="5" xml:lang="en"/>');
  assert.equal(root.attributes.item(1)?.ownerElement, root);
  assert.equal(root.attributes.item(9), null);
});

test("names and texts that XML cannot write are refused where they are made", () => {
  const document = new XmlDocument();
  for (const name of ["", "1a", "a b", "a>", "p:", ":a", "p:q:r", "a\u0000"])
    assert.throws(() => document.createElementNS("u", name), MediationFault, name);
  assert.throws(() => document.createElementNS(null, "p:a"), /prefix but no namespace/);
  assert.throws(() => document.createComment("a--b"), MediationFault);
  assert.throws(() => document.createProcessingInstruction("xml", ""), MediationFault);
  assert.throws(() => document.createProcessingInstruction("p", "?>"), MediationFault);
});

test("prefixes are looked up in the elements around", () => {
  const root = rootOf("<r xmlns='u' xmlns:p='v'><p:a xmlns=''><b/></p:a></r>");
  const b = root.firstChild?.firstChild;
  assert.ok(b);
  assert.deepEqual(
    ["p", "", "xml", "q"].map((prefix) => b.lookupNamespaceURI(prefix)),
    ["v", null, "http://www.w3.org/XML/1998/namespace", null],
  );
  assert.equal(root.ownerDocument?.lookupNamespaceURI(null), "u");
});

test("neighbouring texts are joined, empty ones go", () => {
  const root = rootOf("<r>a<b/></r>");
  const { ownerDocument: document } = root;
  assert.ok(document);
  for (const text of ["", "c", "", "d"]) root.appendChild(document.createTextNode(text));
  root.normalize();
  assert.deepEqual(
    root.childNodes.map((node) => node.textContent),
    ["a", "", "cd"],
  );
});
