// Call every operation and print the results by version and id: `operations.mjs URL RESOURCES`.
//
// RESOURCES is JSON: [{version, name, record, forms, by, series}, …]. `record` is null for a list of rows without ids, and
// `by` is null for a list that is not counted. A test compares the ids with the contract's.
import { Briefing } from "briefing-sdk";

const [url, resources] = process.argv.slice(2);
const briefing = new Briefing({ url });
const results = {};
const maxRecords = 10_000;

for (const { version, name, record, forms, by, series } of JSON.parse(resources)) {
  const versionResults = (results[version] ??= {});
  const { [version]: client } = briefing;
  if (client.me) versionResults.get_me = await client.me();
  const { graphql } = await import(`briefing-sdk/${version}`);
  const page = await client[name].list({ limit: 2, count: "exact" });
  versionResults[`list_${name}`] = [];
  for await (const row of client[name].each({ limit: 20 })) {
    versionResults[`list_${name}`].push(row);
    if (versionResults[`list_${name}`].length > maxRecords) throw new Error(`${name} did not end within ${maxRecords} records: a cursor may lead back to an earlier page.`);
  }
  if (page.page.total !== versionResults[`list_${name}`].length) throw new Error(`${name}: ${page.page.total} were counted`);
  if (record) versionResults[`get_${record}`] = await client[name].get(page.data[0].id);
  for (const form of forms) {
    let length = 0;
    for await (const piece of client[name].export(form, { limit: 3 })) length += piece.length;
    versionResults[`export_${name}_${form}`] = length;
  }
  if (by) {
    const counts = await client[name].counts({ by: [by], top: 2000 });
    if (counts.total !== page.page.total) throw new Error(`${name}: ${counts.total} were counted in groups`);
    versionResults[`count_${name}`] = counts;
    let length = 0;
    for await (const piece of client[name].countsCsv({ by: [by], top: 2000 })) length += piece.length;
    versionResults[`count_${name}_csv`] = length;
    const field = `${record ?? name.slice(0, -1)}Counts`;
    versionResults[field] = (await client.graphql(graphql[capitalize(field)], { by: [by.toUpperCase()] }))[field];
  }
  if (series) {
    versionResults.figure_series = await client[name].series({ by: ["source_id"] });
    let length = 0;
    for await (const piece of client[name].seriesCsv({ by: ["source_id"] })) length += piece.length;
    versionResults.figure_series_csv = length;
    versionResults.figureSeries = (await client.graphql(graphql.FigureSeries, { by: ["SOURCE_ID"] })).figureSeries;
  }
  const answer = await client.graphql(graphql[capitalize(name)], { first: 3 });
  versionResults[name] = answer[name].nodes;
  if (client[name].revisions) {
    const id = page.data[0].id;
    const { data } = await client[name].revisions(id, { record: "full" });
    if (data[0].record.id !== id) throw new Error(`${id} has no record in its revision`);
    versionResults[`list_${record}_revisions`] = [];
    for await (const row of client[name].eachRevision(id, { limit: 1 })) versionResults[`list_${record}_revisions`].push(row);
    versionResults.revisions = (await client.graphql(graphql.Revisions, { id, first: 10 })).revisions.nodes;
  }
  if (client[name].diff) {
    const from = `e${page.page.edition}`;
    versionResults[`diff_${name}`] = (await client[name].diff({ from, to: from })).page.edition;
    for await (const row of client[name].eachDiff({ from })) throw new Error(`${row.id} differs from itself`);
    for (const form of ["csv", "ndjson"]) {
      let length = 0;
      for await (const piece of client[name].exportDiff(form, { from, limit: 3 })) length += piece.length;
      versionResults[`export_${name}_diff_${form}`] = [length];
    }
  }
  if (record) versionResults[record] = (await client.graphql(graphql[capitalize(record)], { id: page.data[0].id }))[record];
}
console.log(JSON.stringify(results));

function capitalize(name) {
  return name[0].toUpperCase() + name.slice(1);
}
