// Starts the live scene of the front page.

import { startPage } from "./page.js";

const element = document.getElementById("live");
try {
  window.explorer = await startPage(element);
  window.explorer.first = performance.now(); // milliseconds since the page was asked for
  element.classList.add("ready");
} catch (error) {
  element.dataset.failed = error.message;
  const told = document.getElementById("live-told");
  told.hidden = false;
  told.textContent = `The live scene did not start: ${error.message}`;
}
