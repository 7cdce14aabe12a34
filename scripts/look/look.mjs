// Opens every HTML page and every SVG image of a folder in a real browser, dark and light, wide and narrow, and fails
// if one has a defect: `node look.mjs FOLDER [SCREENSHOTS]`. CHROMIUM names the browser, if it is not `chromium`.
import { readdirSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { execFileSync } from "node:child_process";
import { inflateSync } from "node:zlib";
import { chromium } from "playwright-core";

const [folder, kept] = process.argv.slice(2).map((path) => resolve(path));
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const browserPath = process.env.CHROMIUM ?? execFileSync("which", ["chromium"], { encoding: "utf8" }).trim();
const widths = [400, 1280];
const schemes = ["light", "dark"];

const faults = [];
const files = readdirSync(folder).filter((name) => /\.(html|svg)$/.test(name)).sort();
if (!files.some((name) => name.endsWith(".html"))) faults.push(`${folder}: no page to look at`);
if (kept) mkdirSync(kept, { recursive: true });

// Without a sandbox, which root does not have; the pages are our own.
const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox", "--disable-gpu"] });
for (const file of files) {
  for (const colorScheme of schemes) {
    for (const width of widths) {
      const name = `${basename(file)}, ${colorScheme}, ${width} wide`;
      const fault = (what) => faults.push(`${name}: ${what}`);
      const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 }, bypassCSP: true });
      const page = await context.newPage();
      page.on("console", (message) => ["error", "warning"].includes(message.type()) && fault(`console: ${message.text()}`));
      page.on("pageerror", (error) => fault(`script: ${error.message}`));
      const url = pathToFileURL(join(folder, file)).href;
      page.on("request", (request) => request.url() !== url && fault(`asks for ${request.url()}`));
      await page.goto(url);
      if (file.endsWith(".html")) {
        await lookAtPage(page, fault);
      } else {
        await lookAtImage(page, fault);
      }
      // An image of its own is as large as the window, which is all that there is to see of it.
      const image = await page.screenshot({ fullPage: file.endsWith(".html"), path: kept && join(kept, `${file}-${colorScheme}-${width}.png`) });
      if (isBlank(image)) fault("the screenshot is blank");
      await context.close();
    }
  }
}
await browser.close();

async function lookAtPage(page, fault) {
  const seen = await page.evaluate(() => ({
    title: document.title,
    lang: document.documentElement.lang,
    text: document.body.innerText.trim().length,
    paper: getComputedStyle(document.body).backgroundColor,
    scripts: document.querySelectorAll("script, link, iframe, object, embed, img, base, form").length,
    wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    levels: [...document.querySelectorAll("h1,h2,h3,h4,h5,h6")].map((heading) => Number(heading.tagName[1])),
    // What reaches out of the window, but in a box that scrolls.
    out: [...document.querySelectorAll("body *")]
      .filter((one) => !one.closest(".wide, details:not([open])") || one.matches(".wide"))
      .filter((one) => one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
      .map((one) => one.outerHTML.slice(0, 80)),
  }));
  if (!seen.title || !seen.lang) fault("no title or no language");
  if (seen.text < 20) fault("hardly any text");
  if (seen.scripts > 0) fault("a script, or something from elsewhere");
  if (seen.wide > 0) fault(`${seen.wide} px wider than the window`);
  for (const one of seen.out.slice(0, 3)) fault(`out of the window: ${one}`);
  if (seen.levels.filter((level) => level === 1).length !== 1) fault("not one first heading");
  seen.levels.reduce((before, level) => (level > before + 1 && fault(`heading ${level} after ${before}`), level), 0);
  await page.evaluate((paper) => { document.body.dataset.paper = paper; }, seen.paper);
  // What is folded away is read, too.
  await page.evaluate(() => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  for (const { id, help, nodes } of violations) {
    fault(`axe ${id}: ${help}; ${nodes.length} times, first at ${nodes[0].html.slice(0, 120)}`);
  }
  await page.evaluate(() => document.querySelectorAll("details").forEach((one) => { one.open = false; }));
  const printed = await page.pdf({ format: "A4" });
  if (printed.length < 2000 || printed.subarray(0, 5).toString() !== "%PDF-") fault("cannot be printed");
  await page.emulateMedia({ media: "print" });
  const paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  if (paper !== "rgb(255, 255, 255)") fault(`is printed on ${paper}`);
  await page.emulateMedia({ media: "screen" });
}

async function lookAtImage(page, fault) {
  const seen = await page.evaluate(() => {
    const image = document.documentElement;
    const box = image.viewBox?.baseVal;
    return {
      root: image.tagName,
      title: image.querySelector("title")?.textContent,
      about: image.querySelector("desc")?.textContent,
      out: box && [...image.querySelectorAll("text")]
        .filter((text) => { const is = text.getBBox(); return is.x < -1 || is.x + is.width > box.width + 1; })
        .map((text) => text.textContent),
    };
  });
  if (seen.root !== "svg") fault("is no image");
  if (!seen.title || !seen.about) fault("no title or no description");
  for (const text of seen.out ?? []) fault(`out of the image: ${text}`);
}

// Whether hardly a point of a PNG differs from the others: what its filters leave of a plain surface is one byte.
function isBlank(png) {
  const data = [];
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    const end = at + 8 + png.readUInt32BE(at);
    if (png.toString("latin1", at + 4, at + 8) === "IDAT") data.push(png.subarray(at + 8, end));
  }
  const counts = new Uint32Array(256);
  const raw = inflateSync(Buffer.concat(data));
  for (const byte of raw) counts[byte] += 1;
  return raw.length - Math.max(...counts) < raw.length / 500;
}

console.log(`${files.length} files, each dark and light, ${widths.join(" and ")} wide`);
if (faults.length > 0) {
  console.error(faults.join("\n"));
  process.exit(1);
}
