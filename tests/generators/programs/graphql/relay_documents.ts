// The documents of relay.ts. The compiler of Relay reads this module. It is not run: the program imports the artifacts.
import { graphql } from "relay-runtime";

graphql`
  query documentsEventsQuery($filter: EventFilter, $first: Int) {
    ...documents_events @arguments(filter: $filter, first: $first)
  }
`;
graphql`
  fragment documents_events on Query
  @argumentDefinitions(filter: { type: "EventFilter" }, first: { type: "Int" }, after: { type: "String" })
  @refetchable(queryName: "documentsPageQuery") {
    events(filter: $filter, first: $first, after: $after) @connection(key: "documents_events", filters: ["filter"]) {
      edges { node { id title kind time { startsAt } place { id name } } }
      pageInfo { hasNextPage endCursor }
    }
  }
`;
graphql`
  query documentsRecordQuery($id: ID!) {
    node(id: $id) @catch(to: RESULT) { __typename id ... on Event { title } }
  }
`;
