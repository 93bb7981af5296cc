// The three editors: query with completion from the schema, variables, and the read-only result.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { bracketMatching, foldGutter, foldKeymap, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { lintKeymap } from "@codemirror/lint";
import { EditorState, Prec } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers, placeholder } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { graphql, updateSchema } from "cm6-graphql";

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.definitionKeyword], color: "var(--syntax-keyword)" },
  { tag: [tags.propertyName, tags.attributeName], color: "var(--syntax-name)" },
  { tag: [tags.typeName, tags.className, tags.atom], color: "var(--syntax-type)" },
  { tag: [tags.string], color: "var(--syntax-string)" },
  { tag: [tags.number, tags.integer, tags.float, tags.bool, tags.null], color: "var(--syntax-number)" },
  { tag: [tags.variableName, tags.special(tags.variableName)], color: "var(--syntax-variable)" },
  { tag: [tags.comment, tags.lineComment], color: "var(--muted)", fontStyle: "italic" },
]);

const nonce = document.querySelector('meta[name="nonce"]').content;
const shared = [
  EditorView.cspNonce.of(nonce),
  lineNumbers(),
  foldGutter(),
  drawSelection(),
  bracketMatching(),
  syntaxHighlighting(colours),
  EditorView.lineWrapping,
];

function editable(run) {
  const runKey = { key: "Mod-Enter", preventDefault: true, run: () => (run(), true) };
  return [
    Prec.highest(keymap.of([runKey])),
    history(),
    indentOnInput(),
    closeBrackets(),
    autocompletion({ icons: false }),
    highlightActiveLine(),
    keymap.of([
      ...closeBracketsKeymap,
      ...defaultKeymap,
      ...historyKeymap,
      ...foldKeymap,
      ...completionKeymap,
      ...lintKeymap,
      indentWithTab,
    ]),
  ];
}

function editor(parent, label, doc, extensions) {
  const named = EditorView.contentAttributes.of({ "aria-label": label });
  return new EditorView({ parent, doc, extensions: [...shared, named, ...extensions] });
}

export function queryEditor(parent, doc, run) {
  return editor(parent, "Query", doc, [...editable(run), graphql(), placeholder("Write a query, or choose an example")]);
}

export function variablesEditor(parent, doc, run) {
  return editor(parent, "Variables", doc, [...editable(run), json(), placeholder("{ }")]);
}

export function resultView(parent) {
  return editor(parent, "Result", "", [json(), EditorState.readOnly.of(true), placeholder("The answer appears here")]);
}

export function setText(view, text) {
  view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text }, scrollIntoView: false });
}

export const text = (view) => view.state.doc.toString();
export { updateSchema };
