// Generate TypeScript from the contract of each version: `node generate.mjs contracts.json` in the folder of the package.
//
// `contracts.json` is written by openapi/sdk/generate/typescript.py: for each version its files and GraphQL operations. For
// each version this writes src/<version>/rest.ts (the schemas and operations of REST) and graphql.ts (those of GraphQL).
import { codegen } from "@graphql-codegen/core";
import * as operations from "@graphql-codegen/typescript-operations";
import { parse, print, separateOperations } from "graphql";
import { readFileSync, writeFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";
import ts from "typescript";

// A newer service may know more terms, so types of vocabularies are open. Editors still suggest the known terms.
const OPEN = "string & Record<never, never>";
const { factory } = ts;

/** Return a vocabulary of the contract as an open union. The choices of a parameter stay closed. */
function openVocabulary(schema, { path }) {
  if (!schema.enum || schema["x-enum-varnames"] || !path?.startsWith("#/components/schemas/")) return undefined;
  const terms = schema.enum.map((term) => factory.createLiteralTypeNode(factory.createStringLiteral(term)));
  return factory.createUnionTypeNode([...terms, factory.createTypeReferenceNode("Unknown")]);
}

async function rest(document) {
  return astToString(await openapiTS(document, { transform: openVocabulary, inject: `type Unknown = ${OPEN};` }));
}

async function graphql(schema, document) {
  const types = await codegen({
    schema,
    documents: [{ location: "operations.graphql", document }],
    filename: "graphql.ts",
    config: {
      enumType: "string-literal",
      futureProofEnums: true,
      skipTypename: true,
      scalars: { ID: "string", DateTime: "string", Date: "string" },
    },
    plugins: [{ operations: {} }],
    pluginMap: { operations },
  });
  const constants = Object.entries(separateOperations(document)).map(([name, operation]) => {
    const type = `Operation<${name}Query, ${name}QueryVariables>`;
    return `export const ${name}: ${type} = { name: "${name}", text: ${JSON.stringify(print(operation))} };\n`;
  });
  const head = 'import type { Operation } from "../graphql.js";\n\n';
  return head + types.replaceAll("'%future added value'", `(${OPEN})`) + "\n" + constants.join("");
}

for (const contract of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
  const folder = `src/${contract.version}`;
  writeFileSync(`${folder}/rest.ts`, await rest(contract.document));
  writeFileSync(`${folder}/graphql.ts`, await graphql(parse(contract.sdl), parse(contract.operations)));
}
