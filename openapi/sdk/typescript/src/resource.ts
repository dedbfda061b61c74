// A kind of record, typed by the operations of its version's contract.

import type { Cited } from "./permalink.js";
import type { CallOptions, Transport } from "./transport.js";

/** An operation as openapi-typescript writes it. */
interface Operation {
  parameters: { query?: unknown; path?: unknown };
  responses: object;
}

/** The query parameters of an operation. A list may be any array, and a time may be a Date. */
export type Given<O extends Operation> = Taken<NonNullable<O["parameters"]["query"]>>;
type Taken<Q> = { readonly [K in keyof Q]: Input<Q[K]> };
type Input<T> = T extends readonly (infer One)[] ? readonly One[] : string extends T ? T | Date : T;

/** The answer of an operation. */
export type Answer<O> = O extends { responses: { 200: { content: { "application/json": infer Body } } } } ? Body : never;
type RecordOf<O> = Answer<O> extends { data: readonly (infer One)[] } ? One & Cited : never;
type DataOf<O> = Answer<O> extends { data: infer One } ? One & Cited : never;

/** A page: its answer, with permalinks. */
export type PageOf<O> = Omit<Answer<O>, "data"> & { data: RecordOf<O>[] } & Cited;

/** A list: `List` is its operation, `Forms` are the formats of its exports, and `Export` is the operation of one. */
export class Listing<List extends Operation, Export extends Operation, Forms extends string> {
  constructor(
    protected readonly transport: Transport,
    protected readonly path: string,
  ) {}

  /** Return one page. */
  async list(given: Given<List> = {} as Given<List>, call: CallOptions = {}): Promise<PageOf<List>> {
    return (await this.transport.read(this.path, given, ["data", "page"], call)) as PageOf<List>;
  }

  /** Yield all records that pass the filters, page after page as they are needed; `limit` is the size of a page. */
  each(
    given: Given<List> = {} as Given<List>,
    call: CallOptions = {},
  ): AsyncGenerator<RecordOf<List>, void, undefined> {
    return this.transport.each(this.path, given, call) as AsyncGenerator<RecordOf<List>, void, undefined>;
  }

  /** Yield all records that pass the filters as a file, piece by piece. */
  export(
    form: Forms,
    given: Given<Export> = {} as Given<Export>,
    call: CallOptions = {},
  ): AsyncGenerator<Uint8Array, void, undefined> {
    return this.transport.stream(`${this.path}.${form}`, given, call);
  }
}

/** A kind of record: a list, and `Get`, the operation of one record. */
export class Resource<
  List extends Operation,
  Get extends Operation,
  Export extends Operation,
  Forms extends string,
> extends Listing<List, Export, Forms> {
  /** Return one record. NotFound, or Withdrawn with the reason. */
  async get(id: string, given: Given<Get> = {} as Given<Get>, call: CallOptions = {}): Promise<DataOf<Get>> {
    const answer = await this.transport.read(`${this.path}/${encodeURIComponent(id)}`, given, ["data"], call);
    return (answer as { data: DataOf<Get> }).data;
  }
}

/** A kind of record whose revisions are kept: `Revisions` is their operation. */
export class RevisedResource<
  List extends Operation,
  Get extends Operation,
  Revisions extends Operation,
  Export extends Operation,
  Forms extends string,
> extends Resource<List, Get, Export, Forms> {
  /** Return one page of the revisions of a record, newest first. NotFound if there is no such record. */
  async revisions(
    id: string,
    given: Given<Revisions> = {} as Given<Revisions>,
    call: CallOptions = {},
  ): Promise<PageOf<Revisions>> {
    const path = `${this.path}/${encodeURIComponent(id)}/revisions`;
    return (await this.transport.read(path, given, ["data", "page"], call)) as PageOf<Revisions>;
  }

  /** Yield all revisions of a record, newest first, page after page as they are needed. */
  eachRevision(
    id: string,
    given: Given<Revisions> = {} as Given<Revisions>,
    call: CallOptions = {},
  ): AsyncGenerator<RecordOf<Revisions>, void, undefined> {
    const path = `${this.path}/${encodeURIComponent(id)}/revisions`;
    return this.transport.each(path, given, call) as AsyncGenerator<RecordOf<Revisions>, void, undefined>;
  }
}
