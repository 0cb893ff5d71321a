// What `explain` and the doctor found, as a page shows it.

import { make } from "./dom.js";

const SHOWN = 4; // proposals

/**
 * @param {object} report see tools/site/python/doctor.py
 * @returns {HTMLElement[]}
 */
export function showReport(report) {
  const { shape, axes, candidates, problems, ambiguous, notes, looked_at, what, next } = report;
  const parts = problems.map(problemOf);
  if (candidates.length && !problems.length) parts.push(make("p", {}, `No problem found in ${looked_at}.`));
  if (shape) parts.push(make("p", {}, `${what} (${shape.join(", ")})`));
  if (axes.length) parts.push(tableOf(axes));
  const proposals = candidates.slice(0, SHOWN).map(({ text, known }) =>
    make("li", {}, `${text}: `, make("em", {}, known)),
  );
  if (candidates.length > SHOWN) {
    proposals.push(make("li", {}, `and ${candidates.length - SHOWN} more, less likely`));
  }
  if (proposals.length) parts.push(titled("Layouts of the keys", make("ol", {}, ...proposals)));
  for (const [title, texts] of [["Still open", ambiguous], ["Worth knowing", notes]]) {
    const lines = texts.map((text) => make("li", {}, text));
    if (lines.length) parts.push(titled(title, make("ul", {}, ...lines)));
  }
  if (next) parts.push(titled("Next, in Python", make("pre", { tabIndex: 0 }, next)));
  return parts;
}

const titled = (title, content) => make("section", {}, make("h3", {}, title), content);

function problemOf({ found, cause, remedy }) {
  const line = (name, text) => make("p", {}, make("strong", {}, `${name}: `), text);
  const parts = [line("Problem", found), line("Likely cause", cause), line("Remedy", remedy)];
  return make("article", { className: "problem" }, ...parts);
}

function tableOf(axes) {
  const head = ["axis", "size", "it is", "because"].map((text) => make("th", { scope: "col" }, text));
  const rows = axes.map(({ name, size, evidence }, i) =>
    make("tr", {}, ...[i, size, name, evidence].map((text) => make("td", {}, `${text}`))),
  );
  return make("table", { className: "table" }, make("tr", {}, ...head), ...rows);
}

/**
 * @param {object} explanation see tools/site/python/ask.py
 * @returns {HTMLElement[]}
 */
export function showExplanation({ heading, facts, causes }) {
  const parts = causes.length ? [make("p", {}, ...coded(heading))] : [];
  if (facts.length) parts.push(make("ul", {}, ...facts.map((fact) => make("li", {}, fact))));
  return [...parts, ...causes.map(causeOf)];
}

function causeOf({ id, cause, reasons, ask, run, before, after }, place) {
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
