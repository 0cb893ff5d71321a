// Somebody who pastes a message wants the pages of its causes, the likeliest first.
// pages.py puts the error index in the place of the empty lists: messages as
// [wordings, causes], and entries as [id, title, the facts about numbers that it fits].
const MESSAGES = [];
const ENTRIES = [];
const LEAST = 49; // cells of a grid: numbers below may count anything

// Without what is not in `kept`; "*" stands for any text, as in the wordings.
const only = (kept, text) => text.toLowerCase().replace(kept, " ").trim();
const letters = (text) => only(/[^a-z]+/g, text);
const holes = (text) => only(/[^a-z#]+/g, text.replace(/\d+/g, "#"));
const digits = (text) => only(/[^a-z\d]+/g, text);
const says = (said, text) =>
  text.includes("*")
    ? new RegExp(text.split("*").join(".{0,200}?")).test(said)
    : said.includes(text);

// The causes of the messages in a query, those of the longest wording first; of a part
// of a message those that it may be part of.
const behind = (query) => {
  const said = letters(query);
  const longest = (fits) =>
    MESSAGES.map(([texts, causes]) => {
      const sizes = texts.filter(fits).map((text) => text.length);
      return [Math.max(0, ...sizes), causes];
    })
      .filter(([size]) => size)
      .sort((a, b) => b[0] - a[0])
      .flatMap(([, causes]) => causes);
  const whole = longest((text) => says(said, text));
  const part = said.split(" ").length > 2;
  return whole.length || !part ? whole : longest((text) => text.includes(said));
};

const bare = (text) => text.replace(/\w*(Error|Exception|Warning):/g, "");

// The entry whose title stands in a query, with or without the kind of the error; of
// several that differ in their numbers alone, the one with these numbers, or with as
// many of them. None if that is open.
const titled = (query) => {
  const said = letters(bare(query));
  const found = ENTRIES.map(([id, title]) => [id, bare(title), letters(bare(title))])
    .filter(([, , text]) => text.includes(" ") && said.includes(text))
    .sort((a, b) => b[2].length - a[2].length);
  const same = found.filter(([, , text]) => text.length === found[0][2].length);
  for (const form of [digits, holes, letters]) {
    const [first, ...more] = same.filter(([, title]) =>
      ` ${form(bare(query))} `.includes(` ${form(title)} `),
    );
    if (first && !more.length) return [first[0]];
  }
  return [];
};

// What the numbers of a query say, by the names that the entries fit: 1025 and 1024,
// or 197 and [14, 14], are a grid and a token more.
const facts = (query) => {
  const shapes = query.match(/\d+(\s*[,x×*]\s*\d+)+/g) || [];
  const product = (shape) => shape.match(/\d+/g).reduce((a, b) => a * b, 1);
  const grids = shapes.map(product).filter((cells) => cells >= LEAST);
  const numbers = (query.match(/\d+/g) || []).map(Number);
  const squares = numbers.filter((n) => n >= LEAST && Number.isInteger(Math.sqrt(n)));
  const found = new Set();
  for (const high of numbers) {
    for (const cells of [...grids, ...squares]) found.add(`extra-${high - cells}`);
    if (grids.includes(high + 1)) found.add("fewer-1");
    if (numbers.some((low) => low > 1 && low * low === high)) found.add("beams");
  }
  return found;
};

// The entries that a query asks for, in the order in which they are shown.
const wanted = (query) => {
  const known = behind(query);
  const held = facts(query);
  const fitting = new Set(
    ENTRIES.filter(([, , fits]) => fits.some((fact) => held.has(fact))).map(([id]) => id),
  );
  const fit = known.filter((id) => fitting.has(id));
  return [...new Set([...titled(query), ...fit, ...known])];
};

// On the page of the search the query is in its address, elsewhere it is being typed.
const asked = () =>
  new URLSearchParams(window.location.search).get("q") ||
  document.querySelector("#pst-search-dialog input[name=q]")?.value ||
  "";
let last = [null, []];
const order = (query) => {
  if (last[0] !== query) last = [query, wanted(query)];
  return last[1];
};

var Scorer = {
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
  score: ([page, , , , score]) => {
    const place = order(asked()).indexOf(page.replace("notebooks/error-", ""));
    return place < 0 ? score : 1000 - place;
  },
};
