// A few lines that make elements and the controls that the pages use.

/** An element with properties (and aria-*, data-* attributes) and children. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** A labelled menu; options: values, or [value, text]. */
export function menu(label, options, value, onChange) {
  const select = make("select", { onchange: () => onChange(select.value) });
  fill(select, options, value);
  return make("label", { className: "field" }, make("span", {}, label), select);
}

/** Put other options into a menu's select. */
export function fill(select, options, value) {
  const pairs = options.map((option) => (Array.isArray(option) ? option : [option, option]));
  const key = JSON.stringify(pairs);
  if (select.dataset.options !== key) {
    select.replaceChildren(...pairs.map(([v, text]) => make("option", { value: v }, text)));
    select.dataset.options = key;
  }
  select.value = value;
  select.disabled = pairs.length < 2;
}

/** A labelled slider with its value in words. */
export function slider(label, { min, max, step = 1 }, value, onInput) {
  const input = make("input", { type: "range", min, max, step });
  input.value = value; // after its limits
  input.oninput = () => onInput(Number(input.value));
  return make("label", { className: "field" }, make("span", {}, label), input);
}

export function checkbox(label, checked, onChange) {
  const input = make("input", { type: "checkbox", checked });
  input.onchange = () => onChange(input.checked);
  return make("label", { className: "check" }, input, label);
}

/** One of several; draw(value) gives what is seen of each: a picture, or its words. */
export function choice(legend, name, values, draw, onChange) {
  name += Math.random(); // a group of its own, however many there are on the page
  const labels = values.map((value) => {
    const input = make("input", { type: "radio", name, value });
    input.onchange = () => onChange(value);
    if (typeof value === "string") input.ariaLabel = value; // what is seen has no words
    return make("label", { className: "pick" }, input, draw(value));
  });
  const box = make("fieldset", { className: "picks" }, make("legend", {}, legend), ...labels);
  box.choose = (value) => {
    for (const { firstChild: input } of labels) input.checked = input.value === `${value}`;
  };
  return box;
}
