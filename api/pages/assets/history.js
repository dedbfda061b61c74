// Makes the slider of a record's history lead to the edition that it names. Without script there are the links alone.
"use strict";

// A key that is held moves on through several editions. Only the last one is opened.
const PAUSE = 400;

for (const slider of document.querySelectorAll("input[data-entries]")) {
  const links = document.querySelectorAll(`#${slider.dataset.entries} a[href]:has(time)`);
  const output = document.querySelector(`output[for="${slider.id}"]`);
  let timer;
  slider.addEventListener("input", () => {
    const link = links[slider.value];
    output.textContent = link.textContent;
    slider.setAttribute("aria-valuetext", link.textContent);
    clearTimeout(timer);
  });
  slider.addEventListener("change", () => {
    clearTimeout(timer);
    timer = setTimeout(() => location.assign(links[slider.value].href), PAUSE);
  });
}
