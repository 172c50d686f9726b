// Opens HTML files in a real Chromium and says what a reader would meet there.
//
// Standard input: {"chromium": PATH, "pages": [PAGE, …]}, where PAGE is {"file", "width", "height", "scale", "scheme",
// "open": all that is folded, "at": the id to scroll to, "shot" or "pdf": the file to write, "full": the whole page,
// "inspect": say what a reader meets, "rules": hold it against the rules of accessibility, "steps": what to do with the
// keyboard, {"tab": press Tab until what has the focus has this text} or {"press": KEY}}. Standard output: one report a
// page. Nothing is fetched: a request that leaves the file is refused and reported.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import puppeteer from "puppeteer-core";

const job = JSON.parse(readFileSync(0, "utf8"));
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const browser = await puppeteer.launch({
  executablePath: job.chromium,
  headless: true,
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars",
  ],
});
try {
  const reports = [];
  for (const wanted of job.pages) reports.push(await look(wanted));
  process.stdout.write(JSON.stringify(reports));
} finally {
  await browser.close();
}

async function look(wanted) {
  const address = pathToFileURL(wanted.file).href;
  const report = { console: [], requests: [], dialogs: [] };
  const page = await browser.newPage();
  page.on("console", (message) => report.console.push(message.text()));
  page.on("pageerror", (error) => report.console.push(String(error)));
  page.on("dialog", (dialog) => { report.dialogs.push(dialog.message()); dialog.dismiss(); });
  await page.setRequestInterception(true);
  page.on("request", (request) => {
    const url = request.url();
    if (url.split("#")[0] === address || url.startsWith("data:")) return request.continue();
    report.requests.push(url);
    return request.abort();
  });
  await page.setViewport({ width: wanted.width ?? 1280, height: wanted.height ?? 900, deviceScaleFactor: wanted.scale ?? 1 });
  const features = [
    { name: "prefers-color-scheme", value: wanted.scheme ?? "light" },
    { name: "prefers-reduced-motion", value: wanted.steps ? "reduce" : "no-preference" },
  ];
  await (await page.createCDPSession()).send("Emulation.setEmulatedMedia", { media: wanted.pdf ? "print" : "screen", features });
  const start = performance.now();
  await page.goto(address, { waitUntil: "load" });
  report.milliseconds = Math.round(performance.now() - start);
  report.steps = [];
  for (const step of wanted.steps ?? []) report.steps.push(await take(page, step));
  if (wanted.inspect) Object.assign(report, await inspect(page, wanted.rules ?? true));
  if (wanted.open) await page.evaluate(() => document.querySelectorAll("details").forEach((each) => { each.open = true; }));
  if (wanted.at) await page.evaluate((ident) => document.getElementById(ident).scrollIntoView({ behavior: "instant" }), wanted.at);
  if (wanted.shot) await page.screenshot({ path: wanted.shot, fullPage: wanted.full ?? false });
  if (wanted.pdf) await page.pdf({ path: wanted.pdf, format: "A4", margin: { top: "15mm", bottom: "15mm", left: "15mm", right: "15mm" } });
  await page.close();
  return report;
}

async function inspect(page, rules) {
  const found = await page.evaluate(() => {
    const right = (card) => card?.getBoundingClientRect().right ?? document.documentElement.clientWidth;
    return {
    scrollWidth: document.documentElement.scrollWidth,
    clientWidth: document.documentElement.clientWidth,
    scripts: document.scripts.length,
    // Long lines that stick out of the page without scrolling it are as bad.
    outside: [...document.querySelectorAll("header *, nav *, section > *, .card *, .column *, figure")]
      .filter((each) => !each.closest(".scroll, .skip") && each.getBoundingClientRect().right > right(each.parentElement.closest(".card, .column")) + 1)
      .map((each) => each.outerHTML.slice(0, 120)),
    background: getComputedStyle(document.body).backgroundColor,
    };
  });
  found.keyboard = await walk(page);
  await page.evaluate(() => document.querySelectorAll("details").forEach((each) => { each.open = true; }));
  found.opened = await page.evaluate(() => document.documentElement.scrollWidth);
  if (!rules) return found;
  // The page's own policy forbids scripts; the rules come in through the debugger, not the page.
  await page.evaluate(axe);
  const results = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  found.violations = results.violations.map((each) => `${each.id}: ${each.help}: ${each.nodes[0].html.slice(0, 200)} ${each.nodes[0].failureSummary}`);
  found.rules = results.passes.length;
  return found;
}

// One step with the keyboard: how many keys it took, and where the reader is then.
async function take(page, step) {
  const now = () => page.evaluate(() => {
    const each = document.activeElement;
    const at = document.querySelector(":target");
    const box = (at ?? each).getBoundingClientRect();
    return {
      tag: each.tagName, id: each.id, text: (each.textContent ?? "").trim().slice(0, 80), value: each.value,
      outline: parseFloat(getComputedStyle(each).outlineWidth) || 0,
      hash: location.hash, target: at?.id, inView: box.top < innerHeight && box.bottom > 0,
      cards: [...document.querySelectorAll(".column")].filter((card) => card.checkVisibility()).map((card) => card.querySelector("h3").textContent),
      folded: [...document.querySelectorAll("details")].filter((part) => !part.open).length,
    };
  });
  if (step.press) {
    await page.keyboard.press(step.press);
    return { presses: 1, ...(await now()) };
  }
  for (let presses = 1; presses <= 2000; presses += 1) {
    await page.keyboard.press("Tab");
    const text = await page.evaluate(() => (document.activeElement.textContent ?? "").trim() || document.activeElement.labels?.[0]?.textContent.trim());
    if (text === step.tab) return { presses, ...(await now()) };
  }
  throw new Error(`no Tab leads to ${step.tab}`);
}

// What the Tab key meets: the first stop, where Enter leads from there, and the stops after it.
async function walk(page) {
  const focused = () => page.evaluate(() => {
    const each = document.activeElement;
    return { tag: each.tagName, id: each.id, role: each.getAttribute("role"), text: (each.textContent ?? "").trim().slice(0, 40), visible: each.getBoundingClientRect().left >= 0 };
  });
  await page.keyboard.press("Tab");
  const first = await focused();
  await page.keyboard.press("Enter");
  const led = await focused();
  const stops = [];
  for (let count = 0; count < 6; count += 1) {
    await page.keyboard.press("Tab");
    stops.push(await focused());
  }
  return { first, led, stops };
}
