// A fetch that notes what is sent.

/** The method, whether the document was in the request, and the status of the answer. */
export type Sent = [method: string, document: boolean, status: number];

/** Return a fetch that adds each request to a list. */
export function traced(sent: Sent[]): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    const url = new URL(String(input));
    const document = init?.method === "GET" ? url.searchParams.get("query") : JSON.parse(String(init?.body)).query;
    sent.push([init?.method ?? "GET", Boolean(document), response.status]);
    return response;
  };
}
