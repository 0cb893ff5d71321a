// The doctor for a bare shape: what its axes are, and which layouts have so many keys.

import { make } from "./dom.js";
import { call } from "./python.js";
import { showReport } from "./report.js";

const FIELDS = { shape: "Shape", image_size: "Image height and width", patch_size: "Patch" };
const EXAMPLES = { shape: "1, 12, 197, 197", image_size: "224, 224", patch_size: "16" };

const inputs = Object.fromEntries(
  Object.keys(FIELDS).map((name) => [name, make("input", { placeholder: EXAMPLES[name] })]),
);
inputs.shape.required = true;
const fields = Object.entries(inputs).map(([name, input]) =>
  make("label", { className: "field" }, make("span", {}, FIELDS[name]), input),
);
const button = make("button", { className: "button" }, "Ask the doctor");
const form = make("form", { className: "shape" }, ...fields, button);
const told = make("p", { role: "status" });
const found = make("div", { className: "found" });
document.getElementById("shape").append(form, told, found);

/** The whole numbers in a text, such as torch.Size([1, 12, 197, 197]) or 224x224. */
const numbersIn = (text) => text.match(/\d+/g)?.map(Number) ?? [];

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const facts = { shape: numbersIn(inputs.shape.value) };
  const [size, patch] = [numbersIn(inputs.image_size.value), numbersIn(inputs.patch_size.value)];
  if (size.length) facts.image_size = size;
  if (patch.length) facts.patch_size = patch[0];
  try {
    const report = JSON.parse(await call("doctor", "as_json", JSON.stringify(facts)));
    found.replaceChildren(...showReport(report));
    told.textContent = `${report.candidates.length} layouts have so many keys.`;
  } catch (error) {
    told.textContent = `${error.message}.`;
  }
});
