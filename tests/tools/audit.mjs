// Audits a server for GraphQL over HTTP and prints the result of each audit, as JSON.
import { serverAudits } from "graphql-http";

const audits = serverAudits({ url: process.argv[2], fetchFn: fetch });
const results = await Promise.all(audits.map(async ({ fn }) => await fn()));
console.log(JSON.stringify(results.map(({ id, name, status, reason }) => ({ id, name, status, reason }))));
