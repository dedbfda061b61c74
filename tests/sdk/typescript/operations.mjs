// Asks every operation: `operations.mjs URL RESOURCES`. Prints what each gave, by version and id.
//
// RESOURCES is JSON: [{version, name, record, forms, by, series}, …]; `by` is null for a list that is not counted. A test compares the ids with the contract's.
import { Briefing } from "briefing-sdk";

const [url, resources] = process.argv.slice(2);
const briefing = new Briefing({ url });
const gave = {};
const most = 10_000;

for (const { version, name, record, forms, by, series } of JSON.parse(resources)) {
  const told = (gave[version] ??= {});
  const { [version]: offered } = briefing;
  if (offered.me) told.get_me = await offered.me();
  const { graphql } = await import(`briefing-sdk/${version}`);
  const page = await offered[name].list({ limit: 2, count: "exact" });
  told[`list_${name}`] = [];
  for await (const one of offered[name].each({ limit: 20 })) {
    told[`list_${name}`].push(one);
    if (told[`list_${name}`].length > most) throw new Error(`${name} did not end within ${most} records: a cursor may lead back.`);
  }
  if (page.page.total !== told[`list_${name}`].length) throw new Error(`${name}: ${page.page.total} were counted`);
  if (record) told[`get_${record}`] = await offered[name].get(page.data[0].id);
  for (const form of forms) {
    let length = 0;
    for await (const piece of offered[name].export(form, { limit: 3 })) length += piece.length;
    told[`export_${name}_${form}`] = length;
  }
  if (by) {
    const counts = await offered[name].counts({ by: [by], top: 2000 });
    if (counts.total !== page.page.total) throw new Error(`${name}: ${counts.total} were counted in groups`);
    told[`count_${name}`] = counts;
    let length = 0;
    for await (const piece of offered[name].countsCsv({ by: [by], top: 2000 })) length += piece.length;
    told[`count_${name}_csv`] = length;
    const field = `${record ?? name.slice(0, -1)}Counts`;
    told[field] = (await offered.graphql(graphql[capital(field)], { by: [by.toUpperCase()] }))[field];
  }
  if (series) {
    told.figure_series = await offered[name].series({ by: ["source_id"] });
    let length = 0;
    for await (const piece of offered[name].seriesCsv({ by: ["source_id"] })) length += piece.length;
    told.figure_series_csv = length;
    told.figureSeries = (await offered.graphql(graphql.FigureSeries, { by: ["SOURCE_ID"] })).figureSeries;
  }
  const listed = await offered.graphql(graphql[capital(name)], { first: 3 });
  told[name] = listed[name].nodes;
  if (offered[name].revisions) {
    const id = page.data[0].id;
    const { data } = await offered[name].revisions(id, { record: "full" });
    if (data[0].record.id !== id) throw new Error(`${id} has no record in its revision`);
    told[`list_${record}_revisions`] = [];
    for await (const one of offered[name].eachRevision(id, { limit: 1 })) told[`list_${record}_revisions`].push(one);
    told.revisions = (await offered.graphql(graphql.Revisions, { id, first: 10 })).revisions.nodes;
  }
  if (offered[name].diff) {
    const from = `e${page.page.edition}`;
    told[`diff_${name}`] = (await offered[name].diff({ from, to: from })).page.edition;
    for await (const one of offered[name].eachDiff({ from })) throw new Error(`${one.id} differs from itself`);
    for (const form of ["csv", "ndjson"]) {
      let length = 0;
      for await (const piece of offered[name].exportDiff(form, { from, limit: 3 })) length += piece.length;
      told[`export_${name}_diff_${form}`] = [length];
    }
  }
  if (record) told[record] = (await offered.graphql(graphql[capital(record)], { id: page.data[0].id }))[record];
}
console.log(JSON.stringify(gave));

function capital(name) {
  return name[0].toUpperCase() + name.slice(1);
}
