// Runs the steps of one test in one browser. Input is JSON on standard input, the result JSON on standard output.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const given = JSON.parse(readFileSync(0, "utf8"));
const require = createRequire(given.modules + "/");
const { chromium } = require("playwright-core");
const axeSource = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const requests = [];
const troubles = [];
const browser = await chromium.launch({
  executablePath: given.chromium,
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
});

async function newPage(options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.on("request", (r) => {
    const url = r.url();
    if (!url.startsWith("file:") && !url.startsWith("blob:") && !(given.input?.origin && url.startsWith(given.input.origin))) requests.push(url);
  });
  page.on("dialog", (d) => { troubles.push("dialog: " + d.message()); d.dismiss(); });
  page.on("pageerror", (e) => troubles.push("error: " + e.message));
  page.on("console", (m) => { if (m.type() === "error") troubles.push("console: " + m.text()); });
  return page;
}

// axe runs in an isolated world of its own, which the page's policy does not bind.
async function axe(page) {
  const session = await page.context().newCDPSession(page);
  const { frameTree } = await session.send("Page.getFrameTree");
  const { executionContextId } = await session.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id, worldName: "axe" });
  const evaluate = async (expression) => {
    const { result, exceptionDetails } = await session.send("Runtime.evaluate", {
      expression, contextId: executionContextId, awaitPromise: true, returnByValue: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  };
  await evaluate(axeSource + ";0");
  const all = await evaluate("axe.run(document).then((r) => r.violations.map((v) => ({ id: v.id, impact: v.impact, n: v.nodes.length, at: v.nodes[0].html.slice(0, 200), why: v.nodes[0].failureSummary })))");
  await session.detach();
  return all.filter((v) => v.impact === "serious" || v.impact === "critical").map((v) => `${v.id} (${v.impact}, ${v.n} times): ${v.at}: ${v.why}`);
}

let code = 0;
try {
  const { default: steps } = await import(pathToFileURL(given.steps).href);
  const result = await steps({ page: await newPage(given.input?.context), newPage, axe, requests, input: given.input });
  if (troubles.length > 0) throw new Error(troubles.join("\n"));
  process.stdout.write(JSON.stringify(result ?? null));
} catch (e) {
  process.stderr.write(`${e.stack ?? e}\n${troubles.join("\n")}\n`);
  code = 1;
} finally {
  await browser.close();
}
process.exitCode = code;
