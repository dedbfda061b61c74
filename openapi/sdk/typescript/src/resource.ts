// A kind of record, typed by the operations of its version's contract.

import type { Door } from "./door.js";

/** An operation as openapi-typescript writes it. */
interface Operation {
  parameters: { query?: unknown; path?: unknown };
  responses: object;
}

/** What an operation takes in the query: lists from any array, and times as Date, too. */
export type Given<O extends Operation> = Taken<NonNullable<O["parameters"]["query"]>>;
type Taken<Q> = { readonly [K in keyof Q]: Input<Q[K]> };
type Input<T> = T extends readonly (infer One)[] ? readonly One[] : string extends T ? T | Date : T;

/** What an operation answers. */
export type Answer<O> = O extends { responses: { 200: { content: { "application/json": infer Body } } } } ? Body : never;
type RecordOf<O> = Answer<O> extends { data: readonly (infer One)[] } ? One : never;
type DataOf<O> = Answer<O> extends { data: infer One } ? One : never;

/** Rows of one kind, listed page by page: `List` is the operation, `Forms` the formats of its exports, and `Export` one. */
export class Listing<List extends Operation, Export extends Operation, Forms extends string> {
  constructor(
    protected readonly door: Door,
    protected readonly path: string,
  ) {}

  /** One page. */
  async list(given: Given<List> = {} as Given<List>): Promise<Answer<List>> {
    return (await this.door.read(this.path, given, ["data", "page"])) as Answer<List>;
  }

  /** All records that the filters leave, read page after page as they are needed; `limit` is the page's. */
  each(given: Given<List> = {} as Given<List>): AsyncGenerator<RecordOf<List>, void, undefined> {
    return this.door.each(this.path, given) as AsyncGenerator<RecordOf<List>, void, undefined>;
  }

  /** All records that the filters leave as a file, piece by piece. */
  export(form: Forms, given: Given<Export> = {} as Given<Export>): AsyncGenerator<Uint8Array, void, undefined> {
    return this.door.stream(`${this.path}.${form}`, given);
  }
}

/** A kind of record: beside its list, `Get` is the operation of one record. */
export class Resource<
  List extends Operation,
  Get extends Operation,
  Export extends Operation,
  Forms extends string,
> extends Listing<List, Export, Forms> {
  /** One record. NotFound, or Withdrawn with the reason. */
  async get(id: string, given: Given<Get> = {} as Given<Get>): Promise<DataOf<Get>> {
    const told = await this.door.read(`${this.path}/${encodeURIComponent(id)}`, given, ["data"]);
    return (told as { data: DataOf<Get> }).data;
  }
}
