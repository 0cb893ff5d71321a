// A live figure in a lesson, started when its fold is opened.

import { make, slider } from "./dom.js";

const FIGURES = { cell, query, heads };

for (const fold of document.querySelectorAll("details[data-figure]")) {
  fold.addEventListener("toggle", () => FIGURES[fold.dataset.figure](fold.querySelector("div")), {
    once: true,
  });
}

/** 01: a cell is chosen on a grid; which key is it, and where does it come back? */
function cell(element) {
  const [h, w] = [6, 10];
  const said = make("p", { role: "status" });
  const keys = Array.from({ length: h * w }, (_, n) =>
    make("button", { type: "button", ariaLabel: `row ${Math.floor(n / w)}, column ${n % w}` }),
  );
  const grid = make("div", { className: "hot-grid" }, ...keys);
  const strip = make("div", { className: "hot-strip", ariaHidden: "true" });
  strip.append(...keys.map(() => make("i")));
  const wrong = make("div", { className: "hot-grid turned", ariaHidden: "true" });
  wrong.append(...keys.map(() => make("i")));
  wrong.style.setProperty("--columns", h);
  grid.style.setProperty("--columns", w);
  keys.forEach((key, n) => key.addEventListener("click", () => choose(n)));
  grid.addEventListener("keydown", (event) => {
    const n = keys.indexOf(document.activeElement);
    const to = n + ({ ArrowLeft: -1, ArrowRight: 1, ArrowUp: -w, ArrowDown: w }[event.key] ?? NaN);
    if (!(to in keys)) return;
    event.preventDefault();
    keys[to].focus();
    choose(to);
  });
  function choose(n) {
    for (const place of [keys, [...strip.children], [...wrong.children]]) {
      place.forEach((one, i) => one.classList.toggle("hot", i === n));
    }
    const [r, c] = [Math.floor(n / w), n % w];
    said.textContent =
      `Row ${r}, column ${c} is key ${r} × ${w} + ${c} = ${n} in the row of keys. Laid out as ` +
      `${w} × ${h}, the same key comes back in row ${Math.floor(n / h)}, column ${n % h}: ` +
      "nothing crashes, and the place is wrong.";
  }
  element.append(
    make("p", {}, `A grid of ${h} × ${w} cells: click a cell, or use the arrow keys.`),
    grid,
    strip,
    said,
    wrong,
  );
  choose(23);
}

/** 02: attention on four cells: a query in two numbers against four keys. */
function query(element) {
  const keys = { "red star": [1, 0.2], "blue circle": [-0.8, 0.6], floor: [0, -0.4], edge: [0.1, -1] };
  const query = [2, 0];
  const rows = Object.entries(keys).map(([name, key]) => ({
    key,
    score: make("td"),
    bar: make("i"),
    weight: make("td"),
    head: make("th", { scope: "row" }, name),
  }));
  const titles = ["cell", "key", "score", "weight", ""].map((text) =>
    text ? make("th", { scope: "col" }, text) : make("td"),
  );
  const table = make("table", { className: "table" }, make("tr", {}, ...titles));
  for (const row of rows) {
    const numbers = make("td", {}, `(${row.key.join(", ")})`);
    table.append(
      make("tr", {}, row.head, numbers, row.score, row.weight, make("td", { className: "bar" }, row.bar)),
    );
  }
  const read = make("p", { role: "status" });
  const sliders = query.map((value, i) =>
    slider(`query ${i}`, { min: -4, max: 4, step: 0.5 }, value, (to) => {
      query[i] = to;
      update();
    }),
  );
  function update() {
    const scores = rows.map(({ key }) => query[0] * key[0] + query[1] * key[1]);
    const powers = scores.map((score) => Math.exp(score - Math.max(...scores)));
    const total = powers.reduce((a, b) => a + b);
    rows.forEach((row, n) => {
      const weight = powers[n] / total;
      row.score.textContent = scores[n].toFixed(1);
      row.weight.textContent = weight.toFixed(2);
      row.bar.style.width = `${100 * weight}%`;
    });
    const best = rows[powers.indexOf(Math.max(...powers))].head.textContent;
    read.textContent = `The query (${query.join(", ")}) reads most from: ${best}.`;
  }
  element.append(...sliders, table, read);
  update();
}

/** 04: the live scene with the transformer: layers and heads apart. */
async function heads(element) {
  const { startPage } = await import("./page.js");
  await startPage(element, { variant: "transformer", layer: 1, head: 2 });
}
