// Parses Mermaid diagrams: JSON list of texts in; out a JSON list with "" or what is wrong with each.
// The first argument is the folder in which mermaid and jsdom are installed.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(`${process.argv[2]}/`);
const { JSDOM } = require("jsdom"); // mermaid cleans labels with a library that needs a document
const { window } = new JSDOM("");
Object.assign(globalThis, { window, document: window.document });
const { default: mermaid } = await import(pathToFileURL(require.resolve("mermaid")));

let text = "";
for await (const chunk of process.stdin) text += chunk;
const found = [];
for (const diagram of JSON.parse(text)) {
  found.push(await mermaid.parse(diagram).then(() => "", (problem) => String(problem.message ?? problem)));
}
console.log(JSON.stringify(found));
