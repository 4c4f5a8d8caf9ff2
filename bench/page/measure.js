// How fast the page of a running archive is, with an empty cache: node bench/page/measure.js http://127.0.0.1:8080
// Fill the archive first, such as sdc serve --demo 1000000. Each figure is the median of five runs; a line says what it must reach.
// With OPENSDC_API_KEY in the environment everything is asked as the caller of that key.
const path = require("node:path");
const { chromium } = require(path.join(__dirname, "../../tests/OpenSdc.Tests/bin/Release/net10.0/.playwright/package"));

const Runs = 5;
const address = process.argv[2];
const key = process.env.OPENSDC_API_KEY;
const headers = key ? { "x-api-key": key } : {};
if (!address) {
  console.error("usage: node bench/page/measure.js URL");
  process.exit(2);
}

const median = values => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
const say = (what, value, must) => console.log(`${what.padEnd(58)} ${String(Math.round(value)).padStart(7)} ms   must be under ${must} ms   ${value < must ? "reached" : "MISSED"}`);

async function main() {
  const files = (await (await fetch(`${address}/facets?table=*`, { headers })).json()).files;
  console.log(`${files} files`);
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
  const visit = async work => {
    const values = [];
    for (let run = 0; run < Runs; run++) {
      const context = await browser.newContext({ viewport: { width: 1400, height: 1000 } });
      // The page keeps the key in the tab's own storage, and looks there first.
      if (key) await context.addInitScript(text => sessionStorage.setItem("opensdc-key", text), key);
      const page = await context.newPage();
      values.push(await work(page));
      await context.close();
    }
    return values;
  };

  const starts = await visit(async page => {
    await page.goto(`${address}/`);
    await page.locator(".card li").first().waitFor();
    const usable = await page.evaluate(() => performance.now());
    const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime);
    return { usable, paint };
  });
  say("first contentful paint, empty cache", median(starts.map(each => each.paint)), 1000);
  say("start page usable: every product with its days", median(starts.map(each => each.usable)), 2000);

  const frames = await visit(async page => {
    await page.goto(`${address}/#/search?table=*&version=*`);
    await page.waitForFunction(() => parseFloat(document.querySelector(".vbody")?.style.height) >= 240000);
    return page.evaluate(async () => {
      const table = document.querySelector(".vtable"), times = [];
      let before = await new Promise(requestAnimationFrame);
      for (let step = 0; step < 240; step++) {
        table.scrollTop += step < 120 ? 240 : 1680;
        const now = await new Promise(requestAnimationFrame);
        times.push(now - before);
        before = now;
      }
      return Math.max(...times);
    });
  });
  say("10 000 rows, the longest frame of 240 while scrolling", median(frames), 50);

  const coverage = [];
  for (let run = 0; run < Runs; run++) {
    const started = performance.now();
    await (await fetch(`${address}/coverage?table=*&start_date=20251201&end_date=20261130`, { headers })).json();
    coverage.push(performance.now() - started);
  }
  say("coverage of all products of a mission year, by day", median(coverage), 1000);
  await browser.close();
}

main();
