// The error index as a tool: the course's own Python reads the message, in the page.

import { make } from "./dom.js";
import { call, started } from "./python.js";

const box = document.getElementById("ask");
const told = document.getElementById("ask-told");
const text = make("textarea", { rows: 4, id: "message", required: true });
const label = make("label", { htmlFor: "message" }, "Message, traceback or symptom");
const example = "RuntimeError: shape '[14, 14]' is invalid for input of size 197";
const button = make("button", { className: "button" }, "Explain it");
const form = make("form", {}, label, text, button);
const found = make("div", { className: "found" });
text.placeholder = example;
box.append(form, found);

told.textContent = "Python is starting in this page …";
started.then(
  () => (told.textContent = "Ready."),
  (error) => (told.textContent = `Python did not start: ${error.message}`),
);

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const explanation = JSON.parse(await call("ask", "as_json", text.value));
  found.replaceChildren(...show(explanation));
  const count = explanation.causes.length;
  told.textContent = count ? `${count} causes, the likeliest first.` : explanation.heading;
});

function show({ heading, facts, causes }) {
  const parts = causes.length ? [make("p", {}, ...coded(heading))] : [];
  if (facts.length) parts.push(make("ul", {}, ...facts.map((fact) => make("li", {}, fact))));
  return [...parts, ...causes.map(article)];
}

function article({ id, cause, reasons, ask, run, before, after }, place) {
  const page = new URL(`../notebooks/error-${id}.html`, import.meta.url).href;
  const lines = [make("p", {}, `${place + 1}. `, ...coded(cause))];
  for (const reason of reasons) lines.push(make("p", { className: "fits" }, `Fits: ${reason}`));
  lines.push(make("p", {}, make("strong", {}, "Ask: "), ...coded(ask)));
  for (const [name, code] of [["Run", run], ["Before", before], ["After", after]]) {
    if (code) lines.push(make("p", { className: "code-name" }, name), make("pre", { tabIndex: 0 }, code));
  }
  lines.push(make("p", {}, make("a", { href: page }, `The entry “${id}”, with a program that runs`)));
  return make("article", {}, ...lines);
}

/** Text with `code` in backticks, as nodes. */
const coded = (text) =>
  text.split("`").map((part, i) => (i % 2 ? make("code", {}, part) : part));
