"use strict";
(() => {
  const form = document.getElementById("filter");
  const text = document.getElementById("text");
  const area = document.getElementById("area");
  const level = document.getElementById("level");
  const verdicts = [...form.querySelectorAll("[name=verdict]")];
  const requirements = [...document.querySelectorAll(".requirement")].map((node) => {
    const about = node.querySelector("summary").textContent + node.querySelector(".sources").textContent;
    const results = [...node.querySelectorAll(".result")].map((result) => ({ node: result, text: (about + result.textContent).toLowerCase() }));
    return { node, results };
  });
  const total = requirements.reduce((sum, requirement) => sum + requirement.results.length, 0);

  const fits = ({ node, text: own }, wanted, words) =>
    (!wanted.length || wanted.includes(node.dataset.verdict)) &&
    (!area.value || area.value === node.dataset.area) &&
    (!level.value || level.value === node.dataset.level) &&
    words.every((word) => own.includes(word));

  const apply = () => {
    const wanted = verdicts.filter((box) => box.checked).map((box) => box.value);
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const requirement of requirements) {
      let here = 0;
      for (const result of requirement.results) {
        result.node.hidden = !fits(result, wanted, words);
        here += result.node.hidden ? 0 : 1;
      }
      requirement.node.hidden = here === 0;
      shown += here;
    }
    for (const section of document.querySelectorAll(".area")) {
      section.hidden = !section.querySelector(".requirement:not([hidden])");
    }
    document.getElementById("shown").textContent = `${shown} of ${total} results`;
    document.getElementById("none").hidden = shown > 0;
  };

  const fold = (open) => {
    for (const node of document.querySelectorAll("details:not([hidden])")) node.open = open;
  };

  form.hidden = false;
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  // A form is reset after its event.
  form.addEventListener("reset", () => setTimeout(apply));
  document.getElementById("unfold").addEventListener("click", () => fold(true));
  document.getElementById("fold").addEventListener("click", () => fold(false));
  const reveal = () => {
    const named = document.getElementById(location.hash.slice(1));
    if (named && named.tagName === "DETAILS") named.open = true;
  };
  addEventListener("hashchange", reveal);
  reveal();
  apply();
})();
