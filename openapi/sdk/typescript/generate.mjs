// Writes what a version's contract says as TypeScript: `node generate.mjs contracts.json` in the folder of the package.
//
// `contracts.json` is what openapi/sdk/generate/typescript.py found: for each version the files and the operations. For
// each there will be src/<version>/rest.ts (the schemas and operations of REST) and graphql.ts (those of GraphQL).
import { codegen } from "@graphql-codegen/core";
import * as operations from "@graphql-codegen/typescript-operations";
import { parse, print, separateOperations } from "graphql";
import { readFileSync, writeFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";
import ts from "typescript";

// A newer service may know more terms: types of vocabularies stay open, and editors still offer the known ones.
const OPEN = "string & Record<never, never>";
const { factory } = ts;

/** A vocabulary of the contract as an open union. The choices of a parameter stay closed. */
function open(schema, { path }) {
  if (!schema.enum || schema["x-enum-varnames"] || !path?.startsWith("#/components/schemas/")) return undefined;
  const terms = schema.enum.map((term) => factory.createLiteralTypeNode(factory.createStringLiteral(term)));
  return factory.createUnionTypeNode([...terms, factory.createTypeReferenceNode("Unknown")]);
}

async function rest(document) {
  return astToString(await openapiTS(document, { transform: open, inject: `type Unknown = ${OPEN};` }));
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
  const made = Object.entries(separateOperations(document)).map(([name, one]) => {
    const type = `Operation<${name}Query, ${name}QueryVariables>`;
    return `export const ${name}: ${type} = { name: "${name}", text: ${JSON.stringify(print(one))} };\n`;
  });
  const head = 'import type { Operation } from "../graphql.js";\n\n';
  return head + types.replaceAll("'%future added value'", `(${OPEN})`) + "\n" + made.join("");
}

for (const one of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
  const folder = `src/${one.version}`;
  writeFileSync(`${folder}/rest.ts`, await rest(one.document));
  writeFileSync(`${folder}/graphql.ts`, await graphql(parse(one.sdl), parse(one.operations)));
}
