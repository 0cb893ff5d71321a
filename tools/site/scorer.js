// Somebody who pastes a message wants the pages of its causes, in their order.
// pages.py puts the messages of the error index in the place of the empty list.
const MESSAGES = [];
const letters = (text) => text.toLowerCase().replace(/[^a-z]+/g, " ").trim();
const causes = (query) => {
  const said = letters(query);
  const fits = ([text]) =>
    said.includes(text) || (text.includes(said) && said.split(" ").length > 2);
  const found = MESSAGES.filter(fits).sort((a, b) => b[0].length - a[0].length);
  return found.length ? found[0][1] : [];
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
    const query = new URLSearchParams(window.location.search).get("q") || "";
    const place = causes(query).indexOf(page.replace("notebooks/error-", ""));
    return place < 0 ? score : 1000 - place;
  },
};
