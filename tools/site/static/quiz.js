// The quiz of a page, to be clicked: it stands there on paper, its answers folded away,
// option by option in the same order.

for (const summary of document.querySelectorAll("details > summary")) {
  if (/^Answer to question \d+$/.test(summary.textContent.trim())) makeClickable(summary.parentElement);
}

function makeClickable(answers) {
  const question = answers.parentElement;
  const options = question.querySelectorAll(":scope > ol > li");
  const reasons = answers.querySelectorAll("li");
  const said = document.createElement("p");
  said.setAttribute("role", "status");
  options.forEach((option, i) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "option";
    button.append(...option.childNodes);
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => {
      for (const one of question.querySelectorAll(".option")) {
        one.setAttribute("aria-pressed", one === button);
      }
      said.innerHTML = reasons[i].innerHTML;
    });
    option.append(button);
  });
  answers.replaceWith(said);
  const line = question.parentElement.previousElementSibling;
  if (line) line.lastChild.textContent = " Click an answer.";
}
