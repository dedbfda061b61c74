// A kind of record, typed by the operations of its version's contract.

import type { Cited } from "./permalink.js";
import type { CallOptions, Transport } from "./transport.js";

/** An operation as openapi-typescript writes it. */
interface Operation {
  parameters: { query?: unknown; path?: unknown };
  responses: object;
}

/** The query parameters of an operation. A list may be any array, and a time may be a Date. */
export type ParametersOf<O extends Operation> = QueryParameters<NonNullable<O["parameters"]["query"]>>;
type QueryParameters<Query> = { readonly [Name in keyof Query]: Input<Query[Name]> };
type Input<T> = T extends readonly (infer Item)[] ? readonly Item[] : string extends T ? T | Date : T;

/** The answer of an operation. */
export type Answer<O> = O extends { responses: { 200: { content: { "application/json": infer Body } } } } ? Body : never;
type RecordOf<O> = Answer<O> extends { data: readonly (infer Item)[] } ? Item & Cited : never;
type DataOf<O> = Answer<O> extends { data: infer Item } ? Item & Cited : never;

/** A page: its answer, with permalinks. */
export type PageOf<O> = Omit<Answer<O>, "data"> & { data: RecordOf<O>[] } & Cited;

/**
 * A list: `List` is its operation, `Forms` are the formats of its exports, and `Export` is their operation. `Counts`
 * is the operation that counts its records, and `CountsFile` is the operation that returns the counts as CSV. Both are
 * `never` if the version does not have them.
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
  async list(parameters: ParametersOf<List> = {} as ParametersOf<List>, call: CallOptions = {}): Promise<PageOf<List>> {
    return (await this.transport.read(this.path, parameters, ["data", "page"], call)) as PageOf<List>;
  }

  /** Yield all records that match the filters. Pages are requested as they are needed. `limit` is the page size. */
  each(
    parameters: ParametersOf<List> = {} as ParametersOf<List>,
    call: CallOptions = {},
  ): AsyncGenerator<RecordOf<List>, void, undefined> {
    return this.transport.each(this.path, parameters, call) as AsyncGenerator<RecordOf<List>, void, undefined>;
  }

  /** Return the numbers of records that match the filters, in groups. */
  async counts(parameters: ParametersOf<Counts>, call: CallOptions = {}): Promise<Answer<Counts>> {
    return (await this.transport.read(`${this.path}/counts`, parameters, ["data", "rest"], call)) as Answer<Counts>;
  }

  /** Yield the numbers of records that match the filters, in groups, as CSV, piece by piece. */
  countsCsv(parameters: ParametersOf<CountsFile>, call: CallOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
    return this.transport.stream(`${this.path}/counts.csv`, parameters, call);
  }

  /** Yield all records that match the filters as a file, piece by piece. */
  export(
    form: Forms,
    parameters: ParametersOf<Export> = {} as ParametersOf<Export>,
    call: CallOptions = {},
  ): AsyncGenerator<Uint8Array, void, undefined> {
    return this.transport.stream(`${this.path}.${form}`, parameters, call);
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
  /** Return one record. NotFound if there is none, and Withdrawn with the reason if it was withdrawn. */
  async get(
    id: string,
    parameters: ParametersOf<Get> = {} as ParametersOf<Get>,
    call: CallOptions = {},
  ): Promise<DataOf<Get>> {
    const answer = await this.transport.read(`${this.path}/${encodeURIComponent(id)}`, parameters, ["data"], call);
    return (answer as { data: DataOf<Get> }).data;
  }
}

/**
 * A kind of record with revisions: `Revisions` is their operation. `Diff` is the operation that compares two states of
 * the list, and `DiffExport` the operation that exports the differences in the formats `DiffForms`.
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
    parameters: ParametersOf<Revisions> = {} as ParametersOf<Revisions>,
    call: CallOptions = {},
  ): Promise<PageOf<Revisions>> {
    const path = `${this.path}/${encodeURIComponent(id)}/revisions`;
    return (await this.transport.read(path, parameters, ["data", "page"], call)) as PageOf<Revisions>;
  }

  /** Yield all revisions of a record, newest first. Pages are requested as they are needed. */
  eachRevision(
    id: string,
    parameters: ParametersOf<Revisions> = {} as ParametersOf<Revisions>,
    call: CallOptions = {},
  ): AsyncGenerator<RecordOf<Revisions>, void, undefined> {
    const path = `${this.path}/${encodeURIComponent(id)}/revisions`;
    return this.transport.each(path, parameters, call) as AsyncGenerator<RecordOf<Revisions>, void, undefined>;
  }

  /** Return one page of the differences between two states of the list: `from` the earlier one, `to` the later one. */
  async diff(parameters: ParametersOf<Diff>, call: CallOptions = {}): Promise<Answer<Diff>> {
    return (await this.transport.read(`${this.path}/diff`, parameters, ["data", "page"], call)) as Answer<Diff>;
  }

  /** Yield all differences between two states of the list. Pages are requested as they are needed. */
  eachDiff(parameters: ParametersOf<Diff>, call: CallOptions = {}): AsyncGenerator<RecordOf<Diff>, void, undefined> {
    return this.transport.each(`${this.path}/diff`, parameters, call) as AsyncGenerator<RecordOf<Diff>, void, undefined>;
  }

  /** Yield all differences between two states of the list as a file, piece by piece. */
  exportDiff(
    form: DiffForms,
    parameters: ParametersOf<DiffExport>,
    call: CallOptions = {},
  ): AsyncGenerator<Uint8Array, void, undefined> {
    return this.transport.stream(`${this.path}/diff.${form}`, parameters, call);
  }
}

/** A kind of record with numbers: `Series` is the operation that returns them over time, `SeriesFile` the one for CSV. */
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
  /** Return the figures that match the filters, as series over time. */
  async series(
    parameters: ParametersOf<Series> = {} as ParametersOf<Series>,
    call: CallOptions = {},
  ): Promise<Answer<Series>> {
    return (await this.transport.read(`${this.path}/series`, parameters, ["data", "envelope"], call)) as Answer<Series>;
  }

  /** Yield the figures that match the filters, as series over time, as CSV, piece by piece. */
  seriesCsv(
    parameters: ParametersOf<SeriesFile> = {} as ParametersOf<SeriesFile>,
    call: CallOptions = {},
  ): AsyncGenerator<Uint8Array, void, undefined> {
    return this.transport.stream(`${this.path}/series.csv`, parameters, call);
  }
}
