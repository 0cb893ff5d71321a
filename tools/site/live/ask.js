// Two boxes that the course's own Python answers, in the page: a message, and a shape.

import { make } from "./dom.js";
import { call, started } from "./python.js";
import { showExplanation, showReport } from "./report.js";

const told = document.getElementById("told");
const answer = document.getElementById("answer");
const MESSAGE = "RuntimeError: shape '[14, 14]' is invalid for input of size 197";
const FIELDS = {
  shape: ["Shape of the weights", "1, 12, 197, 197"],
  image_size: ["Image height and width", "224, 224"],
  patch_size: ["Patch", "16"],
  model: ["Name of the model", "google/vit-base-patch16-224"],
};

told.textContent = "Python is starting in this page …";
started.then(
  () => (told.textContent = "Ready."),
  (error) => (told.textContent = `Python did not start: ${error.message}`),
);

/** A form whose answer, found by `ask`, comes below. It returns [what is told, elements]. */
function form(parent, fields, action, ask) {
  const button = make("button", { className: "button" }, action);
  const element = make("form", {}, ...fields, button);
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const [text, elements] = await ask();
      told.textContent = text;
      answer.replaceChildren(...elements);
    } catch (error) {
      told.textContent = `${error.message}.`;
    }
  });
  document.getElementById(parent).append(element);
}

const message = make("textarea", { rows: 5, id: "message", required: true, placeholder: MESSAGE });
const label = make("label", { htmlFor: "message" }, "Message, traceback or symptom");
form("ask", [label, message], "Explain it", async () => {
  const found = JSON.parse(await call("ask", "as_json", message.value));
  const count = found.causes.length;
  return [count ? `${count} causes, the likeliest first.` : found.heading, showExplanation(found)];
});

const inputs = {};
const fields = Object.entries(FIELDS).map(([name, [text, placeholder]]) => {
  inputs[name] = make("input", { placeholder, required: name === "shape" });
  return make("label", { className: "field" }, make("span", {}, text), inputs[name]);
});

/** The whole numbers in a text, such as torch.Size([1, 12, 197, 197]) or 224x224. */
const numbersIn = ({ value }) => value.match(/\d+/g)?.map(Number) ?? [];

form("shape", fields, "Ask the doctor", async () => {
  const facts = { shape: numbersIn(inputs.shape) };
  const [size, patch] = [numbersIn(inputs.image_size), numbersIn(inputs.patch_size)];
  if (size.length) facts.image_size = size;
  if (patch.length) facts.patch_size = patch[0];
  if (inputs.model.value.trim()) facts.model = inputs.model.value.trim();
  const report = JSON.parse(await call("doctor", "as_json", JSON.stringify(facts)));
  const layouts = report.candidates.length;
  const counted = layouts === 1 ? "One layout fits." : `${layouts || "No"} layouts fit.`;
  return [counted, showReport(report)];
});
