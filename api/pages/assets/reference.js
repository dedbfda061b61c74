// The reference: Scalar on one contract of this service. No other host is asked for anything.
"use strict";

const place = document.getElementById("reference");

Scalar.createApiReference(place, {
  url: new URL(place.dataset.contract, location.href).pathname,
  // Else requests from the page would go through a host of Scalar's.
  proxyUrl: "",
  withDefaultFonts: false,
  agent: { disabled: true },
  mcp: { disabled: true },
  showDeveloperTools: "never",
  telemetry: false,
  persistAuth: false,
  // The contract says `/`; behind a prefix the service is where the page came from.
  baseServerURL: new URL("..", new URL(place.dataset.contract, location.href)).href.replace(/\/$/, ""),
  defaultOpenAllTags: false,
  hideClientButton: true,
  documentDownloadType: "none",
});

// What it draws, mended for those who hear it or have no mouse.
const mended = {
  // A picture without a name.
  "button.scalar-code-copy:not([aria-label])": (button) => button.setAttribute("aria-label", "Copy"),
  // A name without the words that are seen.
  "button.show-more[aria-label^='Show all']": (button) =>
    button.setAttribute("aria-label", `${button.innerText.trim()}: ${button.getAttribute("aria-label")}`),
  // What scrolls is scrolled by keyboard, too.
  ".response-card-footer:not([tabindex])": (footer) => footer.setAttribute("tabindex", "0"),
  // As landmarks, all of one name.
  ".response-card[role='region']": (card) => card.setAttribute("role", "group"),
};
new MutationObserver(() => {
  for (const [selector, mend] of Object.entries(mended)) document.querySelectorAll(selector).forEach(mend);
}).observe(document.body, { childList: true, subtree: true });
