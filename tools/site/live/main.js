// Starts the live scene of the front page.

import { createExplorer } from "./explorer.js";

const element = document.getElementById("live");
try {
  const response = await fetch(new URL("./course.json", import.meta.url));
  window.explorer = await createExplorer(element, await response.json());
  window.explorer.first = performance.now(); // milliseconds since the page was asked for
  element.classList.add("ready");
} catch (error) {
  element.dataset.failed = error.message;
  const told = document.getElementById("live-told");
  told.hidden = false;
  told.textContent = `The live scene did not start: ${error.message}`;
}
