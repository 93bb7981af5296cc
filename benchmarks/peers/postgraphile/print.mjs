import { makeSchema } from "postgraphile";
import { printSchema } from "postgraphile/graphql";
const { preset } = await import(`./${process.argv[2]}.mjs`);
const { schema } = await makeSchema(preset(process.argv[3]));
console.log(printSchema(schema));
process.exit(0);
