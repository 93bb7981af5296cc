// The documentation panel: every type and field of the schema, from introspection.
import { getNamedType, isEnumType, isInputObjectType, isInterfaceType, isObjectType, isUnionType } from "graphql";
import { h } from "./dom.js";

export function docsPanel(root) {
  let schema = null;
  let trail = [];

  const open = (type) => {
    trail = [...trail.filter((one) => one !== type), type];
    show();
  };
  const link = (type) => h("button.type", { type: "button", onclick: () => open(getNamedType(type)) }, String(type));

  function show(filter = "") {
    if (!schema) return root.replaceChildren(h("p.hint", {}, "Enter an access token to read the schema."));
    const type = trail.at(-1);
    root.replaceChildren(...(type ? page(type, link, back) : overview(schema, filter, link, show)));
    root.scrollTop = 0;
  }
  function back() {
    trail = trail.slice(0, -1);
    show();
  }
  show();
  return {
    use(next) {
      schema = next;
      trail = trail.map((type) => next?.getType(type.name)).filter(Boolean);
      show();
    },
  };
}

function overview(schema, filter, link, show) {
  const search = h("input.search", { type: "search", placeholder: "Find a type or field", "aria-label": "Find a type or field", value: filter });
  search.addEventListener("input", () => {
    list.replaceChildren(...found(schema, search.value.trim().toLowerCase(), link));
  });
  const list = h("div", {}, ...found(schema, filter, link));
  return [search, list];
}

function found(schema, filter, link) {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].filter(Boolean);
  const types = Object.values(schema.getTypeMap()).filter((type) => !type.name.startsWith("__") && !roots.includes(type));
  if (!filter) return [h("h3", {}, "Start here"), ...roots.map((type) => row(type, link)), h("h3", {}, "All types"), ...types.map((type) => row(type, link))];
  const hits = [...roots, ...types].flatMap((type) => {
    const fields = Object.values(type.getFields?.() ?? {}).filter((field) => field.name.toLowerCase().includes(filter));
    return type.name.toLowerCase().includes(filter) || fields.length
      ? [row(type, link), ...fields.slice(0, 8).map((field) => member(field, link))]
      : [];
  });
  return hits.length ? hits.slice(0, 120) : [h("p.hint", {}, "Nothing of that name.")];
}

const row = (type, link) => h("div.row", {}, link(type), h("p", {}, firstSentence(type.description)));

function page(type, link, back) {
  const parts = [
    h("button.back", { type: "button", onclick: back }, "\u2190 Back"),
    h("h2", {}, type.name),
    h("p.kind", {}, kindOf(type)),
    h("p", {}, type.description ?? ""),
  ];
  const interfaces = type.getInterfaces?.() ?? [];
  if (interfaces.length) parts.push(h("h3", {}, "Implements"), ...interfaces.map((one) => h("div.row", {}, link(one))));
  if (isUnionType(type)) parts.push(h("h3", {}, "One of"), ...type.getTypes().map((one) => row(one, link)));
  if (isEnumType(type)) parts.push(h("h3", {}, "Values"), ...type.getValues().map((one) => value(one)));
  const fields = Object.values(type.getFields?.() ?? {});
  if (fields.length) parts.push(h("h3", {}, "Fields"), ...fields.map((field) => member(field, link)));
  return parts;
}

function member(field, link) {
  const args = field.args ?? [];
  const signature = [h("code.name", {}, field.name)];
  if (args.length) signature.push("(", ...args.flatMap((arg, index) => [index ? ", " : "", h("code.argument", {}, arg.name), ": ", link(arg.type)]), ")");
  signature.push(": ", link(field.type));
  return h("div.row", {}, h("div.signature", {}, ...signature), h("p", {}, field.description ?? ""), deprecated(field));
}

const value = (one) => h("div.row", {}, h("code.name", {}, one.name), h("p", {}, one.description ?? ""), deprecated(one));
const deprecated = (one) => (one.deprecationReason ? h("p.deprecated", {}, `Deprecated: ${one.deprecationReason}`) : null);
const firstSentence = (text) => (text ?? "").split(/(?<=\.)\s/)[0];

function kindOf(type) {
  if (isObjectType(type)) return "object";
  if (isInterfaceType(type)) return "interface";
  if (isUnionType(type)) return "union";
  if (isEnumType(type)) return "enum";
  return isInputObjectType(type) ? "input" : "scalar";
}
