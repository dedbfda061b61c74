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

/**
 * A list: `List` is its operation, `Forms` are the formats of its exports, and `Export` is the operation of one. `Counts`
 * is the operation that counts its records, and `CountsFile` writes the same as CSV; versions without them have none to
 * call.
 */
export class Listing<
  List extends Operation,
  Export extends Operation,
  Forms extends string,
  Counts extends Operation = never,
  CountsFile extends Operation = never,
> {
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

  /** Return how many records pass the filters, in groups. */
  async counts(given: Given<Counts>, call: CallOptions = {}): Promise<Answer<Counts>> {
    return (await this.transport.read(`${this.path}/counts`, given, ["data", "rest"], call)) as Answer<Counts>;
  }

  /** Yield how many records pass the filters, in groups, as CSV, piece by piece. */
  countsCsv(given: Given<CountsFile>, call: CallOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
    return this.transport.stream(`${this.path}/counts.csv`, given, call);
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
  Counts extends Operation = never,
  CountsFile extends Operation = never,
> extends Listing<List, Export, Forms, Counts, CountsFile> {
  /** Return one record. NotFound, or Withdrawn with the reason. */
  async get(id: string, given: Given<Get> = {} as Given<Get>, call: CallOptions = {}): Promise<DataOf<Get>> {
    const answer = await this.transport.read(`${this.path}/${encodeURIComponent(id)}`, given, ["data"], call);
    return (answer as { data: DataOf<Get> }).data;
  }
}

/**
 * A kind of record whose revisions are kept: `Revisions` is their operation, and `Diff` is the one that compares two
 * states of the list, with the exports `DiffExport` in the formats `DiffForms`.
 */
export class RevisedResource<
  List extends Operation,
  Get extends Operation,
  Revisions extends Operation,
  Diff extends Operation,
  DiffExport extends Operation,
  DiffForms extends string,
  Export extends Operation,
  Forms extends string,
  Counts extends Operation,
  CountsFile extends Operation,
> extends Resource<List, Get, Export, Forms, Counts, CountsFile> {
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

  /** Return one page of the differences between two states of the list: `from` the earlier one `to` the later one. */
  async diff(given: Given<Diff>, call: CallOptions = {}): Promise<Answer<Diff>> {
    return (await this.transport.read(`${this.path}/diff`, given, ["data", "page"], call)) as Answer<Diff>;
  }

  /** Yield all differences between two states of the list, page after page as they are needed. */
  eachDiff(given: Given<Diff>, call: CallOptions = {}): AsyncGenerator<RecordOf<Diff>, void, undefined> {
    return this.transport.each(`${this.path}/diff`, given, call) as AsyncGenerator<RecordOf<Diff>, void, undefined>;
  }

  /** Yield all differences between two states of the list as a file, piece by piece. */
  exportDiff(
    form: DiffForms,
    given: Given<DiffExport>,
    call: CallOptions = {},
  ): AsyncGenerator<Uint8Array, void, undefined> {
    return this.transport.stream(`${this.path}/diff.${form}`, given, call);
  }
}

/** A kind of record whose numbers are shown over time, too: `Series` is the operation that shows them. */
export class FigureResource<
  List extends Operation,
  Get extends Operation,
  Revisions extends Operation,
  Diff extends Operation,
  DiffExport extends Operation,
  DiffForms extends string,
  Export extends Operation,
  Forms extends string,
  Counts extends Operation,
  CountsFile extends Operation,
  Series extends Operation,
  SeriesFile extends Operation,
> extends RevisedResource<List, Get, Revisions, Diff, DiffExport, DiffForms, Export, Forms, Counts, CountsFile> {
  /** Return the figures that pass the filters, as series over time. */
  async series(given: Given<Series> = {} as Given<Series>, call: CallOptions = {}): Promise<Answer<Series>> {
    return (await this.transport.read(`${this.path}/series`, given, ["data", "envelope"], call)) as Answer<Series>;
  }

  /** Yield the figures that pass the filters, as series over time, as CSV, piece by piece. */
  seriesCsv(
    given: Given<SeriesFile> = {} as Given<SeriesFile>,
    call: CallOptions = {},
  ): AsyncGenerator<Uint8Array, void, undefined> {
    return this.transport.stream(`${this.path}/series.csv`, given, call);
  }
}
