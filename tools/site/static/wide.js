// Figures on a phone: as wide as their words need, to be scrolled sideways.

if (matchMedia("(max-width: 600px)").matches) {
  for (const picture of document.querySelectorAll("div.cell_output img")) makeWide(picture);
}

function makeWide(picture) {
  const box = document.createElement("div");
  box.className = "wide";
  box.tabIndex = 0; // so that the arrow keys scroll it, too
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", "figure, scrolls sideways");
  picture.replaceWith(box);
  box.append(picture);
}
