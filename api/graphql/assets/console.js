// The console: GraphiQL on the address that the page was opened at. No other host is asked for anything.
"use strict";

const place = document.getElementById("console");
const version = place.dataset.version;

// What the editors are called by for those who do not see them, and CodeMirror's own scroller, by the section's class.
const names = {
  "graphiql-query-editor": "Operation",
  "graphiql-editor-tool": "Variables and headers",
  "graphiql-response": "Answer",
};

// GraphiQL draws its editors late, and its tabs anew with each change.
new MutationObserver(() => {
  for (const [section, name] of Object.entries(names)) {
    for (const field of document.querySelectorAll(`.${section} textarea:not([aria-label])`)) {
      field.setAttribute("aria-label", name);
    }
  }
}).observe(document.body, { childList: true, subtree: true });

// Tab leaves an editor, as it leaves any field: whoever has no mouse would be caught in it.
const released = new WeakSet();
document.addEventListener("focusin", ({ target }) => {
  const editor = target.closest(".CodeMirror")?.CodeMirror;
  if (editor && !released.has(editor)) {
    released.add(editor);
    editor.addKeyMap({ Tab: false, "Shift-Tab": false });
  }
});

// What is kept of tabs is kept for each version: the operations of one are not those of another.
const mine = `${version}:`;
const keys = () => Object.keys(localStorage).filter((key) => key.startsWith(mine));
const storage = {
  getItem: (key) => localStorage.getItem(mine + key),
  setItem: (key, value) => localStorage.setItem(mine + key, value),
  removeItem: (key) => localStorage.removeItem(mine + key),
  clear: () => keys().forEach((key) => localStorage.removeItem(key)),
  get length() {
    return keys().length;
  },
};

// A link may carry a request, as a GET to the same address does.
const given = new URLSearchParams(location.search);
const examples = JSON.parse(place.dataset.examples);

ReactDOM.createRoot(place).render(
  React.createElement(
    GraphiQL,
    {
      fetcher: GraphiQL.createFetcher({ url: location.pathname, enableIncrementalDelivery: false }),
      storage,
      defaultTabs: examples.length ? examples.map((query) => ({ query })) : undefined,
      query: given.get("query") ?? undefined,
      variables: given.get("variables") ?? undefined,
      operationName: given.get("operationName") ?? undefined,
    },
    React.createElement(GraphiQL.Logo, null, document.title.split(" - ")[0]),
  ),
);
