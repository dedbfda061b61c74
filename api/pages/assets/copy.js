// Adds to each block of code a button that copies it: of a session of a shell its commands, without what they print.
// Without a clipboard, as on plain HTTP, there is no button.
"use strict";

function textToCopy(block) {
  const commands = [...block.querySelectorAll(".command")];
  return commands.length ? commands.map((command) => command.innerText).join("\n") : block.innerText;
}

if (navigator.clipboard) {
  for (const block of document.querySelectorAll("pre[data-copy]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy quiet";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(textToCopy(block));
      button.textContent = "Copied";
      setTimeout(() => (button.textContent = "Copy"), 2000);
    });
    const frame = document.createElement("div");
    frame.className = "copyable";
    block.before(frame);
    frame.append(block, button);
  }
}
