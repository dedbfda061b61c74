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

// Its buttons to copy an example have a picture and no name.
new MutationObserver(() => {
  for (const button of document.querySelectorAll("button.scalar-code-copy:not([aria-label])")) {
    button.setAttribute("aria-label", "Copy");
  }
}).observe(document.body, { childList: true, subtree: true });
