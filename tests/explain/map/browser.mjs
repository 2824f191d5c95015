// Opens pages in Chromium: JSON list of addresses in; out a JSON list with what was found on each, in light and dark.
// Arguments: the folder in which playwright-core and axe-core are installed, and the browser's program.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(`${process.argv[2]}/`);
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const browser = await chromium.launch({ executablePath: process.argv[3], args: ["--no-sandbox"] });

async function look(address, colorScheme) {
  const context = await browser.newContext({ colorScheme, bypassCSP: true, viewport: { width: 1200, height: 900 } });
  const page = await context.newPage();
  const asked = [], said = [];
  page.on("request", (request) => asked.push(request.url()));
  page.on("console", (message) => said.push(message.text()));
  page.on("dialog", (dialog) => said.push(dialog.message()) && dialog.dismiss());
  await page.goto(address);
  await page.evaluate(axe);
  const { violations, passes } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  const reached = await tabbed(page);
  const paper = (await page.pdf({ preferCSSPageSize: true })).toString("latin1");
  await context.close();
  return {
    violations: violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`),
    passes: passes.length,
    asked: asked.length,
    said,
    width,
    reached,
    sheets: paper.split("/Type /Page\n").length - 1,
  };
}

// What has the focus after each of some presses of the tab key.
async function tabbed(page) {
  const names = [];
  for (let presses = 0; presses < 12; presses++) {
    await page.keyboard.press("Tab");
    names.push(await page.evaluate(() => document.activeElement.getAttribute("href") ?? document.activeElement.tagName));
  }
  return names;
}

let text = "";
for await (const chunk of process.stdin) text += chunk;
const found = [];
for (const address of JSON.parse(text)) {
  found.push({ light: await look(address, "light"), dark: await look(address, "dark") });
}
await browser.close();
console.log(JSON.stringify(found));
