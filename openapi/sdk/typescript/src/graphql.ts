// GraphQL operations with the types of their variables and their data.

import type { CallOptions, Transport } from "./transport.js";

declare const types: unique symbol;

/** An operation: its text, with the types of its data and its variables. */
export interface Operation<Data, Variables> {
  readonly name: string;
  readonly text: string;
  readonly [types]?: (variables: Variables) => Data;
}

/** Return an operation of your own: `operation<Data, Variables>("query Latest { … }")`. */
export function operation<Data, Variables = Record<string, never>>(text: string): Operation<Data, Variables> {
  return { text, name: /\b(?:query)\s+(\w+)/.exec(text)?.[1] ?? "" };
}

/** Run an operation of one version, and return its data. */
export type Ask = <Data, Variables>(
  operation: Operation<Data, Variables>,
  variables?: Variables,
  call?: CallOptions,
) => Promise<Data>;

/** Return the function that runs operations. */
export function createAsk(transport: Transport, path: string): Ask {
  return async <Data, Variables>(
    request: Operation<Data, Variables>,
    variables?: Variables,
    call: CallOptions = {},
  ): Promise<Data> => {
    const body = {
      query: request.text,
      operationName: request.name || undefined,
      variables: variables as object | undefined,
    };
    return (await transport.ask(path, body, call)) as Data;
  };
}
