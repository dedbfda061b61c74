// PostGraphile 5 over the store's tables and their foreign keys, as its documentation would run it in production:
// NODE_ENV and GRAPHILE_ENV say so, no watching, no GraphiQL, no explaining, the queries' plans and documents kept.
import { createServer } from "node:http";
import { makePgService } from "postgraphile/adaptors/pg";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { grafserv } from "postgraphile/grafserv/node";
import { makePgSmartTagsPlugin } from "postgraphile/utils";
import { postgraphile } from "postgraphile";

const [port, host, pool] = process.argv.slice(2);

// The store's domain of one line of text would have the name of Postgres' geometric type; and the citations of an event
// are found by the key that its index begins with.
const tagged = makePgSmartTagsPlugin([
  { kind: "type", match: "store.line", tags: { name: "line_of_text" } },
  { kind: "class", match: "store.citation", tags: { foreignKey: "(record_id) references store.event (id)" } },
]);

const preset = {
  extends: [PostGraphileAmberPreset],
  plugins: [tagged],
  pgServices: [
    makePgService({
      schemas: ["store"],
      poolConfig: { host, user: "briefing", database: "briefing", max: Number(pool) },
    }),
  ],
  gather: { muteWarnings: true, installWatchFixtures: false },
  schema: { pgOrderByNullsLast: true },
  grafast: { explain: false },
  grafserv: {
    port: Number(port),
    graphqlPath: "/graphql",
    graphiql: false,
    graphiqlOnGraphQLGET: false,
    websockets: false,
    watch: false,
    outputDataAsString: true,
  },
};

const served = postgraphile(preset).createServ(grafserv);
const server = createServer({ keepAliveTimeout: 60000 });
await served.addTo(server);
server.listen(Number(port), "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
