// Pictures of every view of a running archive's page, at three widths and in both modes: node eng/page/screenshots.js http://127.0.0.1:8080 FOLDER
// The browser is Debian's; the driver is the one that the tests have built.
const path = require("node:path");
const { chromium } = require(path.join(__dirname, "../../tests/OpenSdc.Tests/bin/Release/net10.0/.playwright/package"));

const [address, folder] = process.argv.slice(2);
if (!address || !folder) {
  console.error("usage: node eng/page/screenshots.js URL FOLDER");
  process.exit(2);
}

async function main() {
  const file = (await (await fetch(`${address}/query?instrument=mag&data_level=l2&extension=cdf&sort=-start_date&limit=1`)).json())[0];
  const name = file?.file_path.split("/").pop() ?? "nothing.cdf";
  const views = {
    start: "#/", "start-all": "#/?span=all", search: "#/search?instrument=mag&sort=-start_date", "search-nothing": "#/search?instrument=mag&data_level=l9*", coverage: "#/coverage",
    product: "#/coverage?instrument=mag&data_level=l2&descriptor=norm-gse&extension=cdf", month: "#/coverage?instrument=mag&data_level=l2&descriptor=norm-gse&extension=cdf&month=202601",
    file: `#/file/${name}`, "no-file": "#/file/imap_mag_l2_norm-gse_19990101_v001.cdf", upload: "#/upload", status: "#/status", access: "#/access", error: "download/imap_mag_l2_norm-gse_19990101_v001.cdf",
  };
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [360, 1280, 2560]) {
      const context = await browser.newContext({ viewport: { width, height: width === 360 ? 780 : width === 1280 ? 900 : 1440 }, colorScheme });
      for (const [view, hash] of Object.entries(views)) {
        const page = await context.newPage();
        await page.goto(`${address}/${hash}`);
        await page.waitForLoadState("networkidle").catch(() => { /* The page asks for news every few seconds. */ });
        await page.waitForTimeout(700);
        await page.screenshot({ path: path.join(folder, `${view}-${width}-${colorScheme}.png`) });
        await page.close();
      }
      await context.close();
    }
  }
  await browser.close();
}

main();
