// The console: GraphiQL on the address that the page was opened at. No other host is asked for anything.
"use strict";

const examples = [
  `# What happened, what was counted, who said what.
# Ctrl-Enter runs it, Ctrl-Space completes,
# Ctrl-K searches the documentation.
query EventsWithSources($first: Int = 5) {
  events(first: $first) {
    nodes {
      title
      kind
      startsAt
      timePrecision
      status
      disputed
      place { name country }
      figures(first: 3) {
        nodes {
          measure
          population
          value
          valueText
        }
        hasMore
      }
      quotes(first: 3) {
        nodes {
          text
          quoteType
          speaker { name description role }
        }
        hasMore
      }
      citations(first: 5) {
        nodes {
          stance
          source { name description kind }
          via { name }
        }
        hasMore
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}
`,
  `# What sources do not agree on: each account, and
# whom it blames.
query DisputedEvents {
  events(first: 5, filter: { disputed: true }) {
    nodes {
      title
      startsAt
      citations {
        nodes {
          stance
          certainty
          statement
          source { name description }
          blames { name description }
          document { title url }
        }
      }
    }
  }
}
`,
  `# Full text: words, "phrases", or, and -without.
# Accents do not matter.
query Search(
  $words: String! = "ceasefire or evacuation"
) {
  events(
    first: 5
    filter: { search: { text: $words } }
    orderBy: { field: RELEVANCE, direction: DESC }
  ) {
    totalCount
    nodes { id title summary }
  }
  quotes(
    first: 5
    filter: { search: { text: $words } }
  ) {
    totalCount
    nodes {
      text
      saidAt
      speaker { name description }
    }
  }
}
`,
];

// Tab leaves an editor, as it leaves any field: whoever has no mouse would be caught in it.
const released = new WeakSet();
document.addEventListener("focusin", ({ target }) => {
  const editor = target.closest(".CodeMirror")?.CodeMirror;
  if (editor && !released.has(editor)) {
    released.add(editor);
    editor.addKeyMap({ Tab: false, "Shift-Tab": false });
  }
});

// A link may carry a request, as a GET to the same address does.
const given = new URLSearchParams(location.search);

ReactDOM.createRoot(document.getElementById("console")).render(
  React.createElement(
    GraphiQL,
    {
      fetcher: GraphiQL.createFetcher({ url: location.pathname, enableIncrementalDelivery: false }),
      defaultTabs: examples.map((query) => ({ query })),
      query: given.get("query") ?? undefined,
      variables: given.get("variables") ?? undefined,
      operationName: given.get("operationName") ?? undefined,
    },
    React.createElement(GraphiQL.Logo, null, document.title.split(" - ")[0]),
  ),
);
