// A typed client of the briefing API: `Briefing`, and the errors that it throws.

export { Briefing, type Options } from "./client.js";
export * from "./errors.js";
export { operation, type Ask, type Operation } from "./graphql.js";
export type { LastAnswer, Limit } from "./limits.js";
export type { Cited } from "./permalink.js";
export { Listing, Resource } from "./resource.js";
export type { CallOptions } from "./transport.js";
