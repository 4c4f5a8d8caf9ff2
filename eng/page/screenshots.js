// Pictures of every view of a running archive's page: node eng/page/screenshots.js http://127.0.0.1:8080 FOLDER [KEY]
// At three widths and in both modes, at 200 % zoom (1280 pixels wide), and as printed. With KEY as its owner sees them. The browser is Debian's; the driver is the one that the tests have built.
const path = require("node:path");
const { chromium } = require(path.join(__dirname, "../../tests/OpenSdc.Tests/bin/Release/net10.0/.playwright/package"));

const [address, folder, key] = process.argv.slice(2);
if (!address || !folder) {
  console.error("usage: node eng/page/screenshots.js URL FOLDER [KEY]");
  process.exit(2);
}

async function main() {
  const headers = key ? { "x-api-key": key } : {};
  const first = async query => (await (await fetch(`${address}/query?${query}&limit=1`, { headers })).json())[0];
  const file = await first("instrument=mag&data_level=l2&extension=cdf&sort=-start_date");
  const name = file?.file_path.split("/").pop() ?? "nothing.cdf";
  const product = file ? `instrument=mag&data_level=l2&descriptor=${file.descriptor}&extension=cdf` : "instrument=mag";
  const views = {
    start: "#/", "start-all": "#/?span=all", search: "#/search?instrument=mag&sort=-start_date", "search-nothing": "#/search?instrument=mag&data_level=l9*", coverage: "#/coverage",
    product: `#/coverage?${product}`, month: `#/coverage?${product}&month=${file?.start_date.slice(0, 6) ?? "202601"}`,
    file: `#/file/${name}`, "no-file": "#/file/imap_mag_l2_norm-gse_19990101_v001.cdf", upload: "#/upload", status: "#/status", access: "#/access", error: "download/imap_mag_l2_norm-gse_19990101_v001.cdf",
  };
  const looks = [];
  for (const colorScheme of ["light", "dark"]) {
    for (const [width, height] of [[360, 780], [1280, 900], [2560, 1440]]) looks.push({ of: `${width}-${colorScheme}`, colorScheme, viewport: { width, height } });
  }
  looks.push({ of: "zoom200", colorScheme: "light", viewport: { width: 640, height: 450 }, deviceScaleFactor: 2, reducedMotion: "reduce" });
  looks.push({ of: "print", colorScheme: "dark", viewport: { width: 720, height: 1020 }, media: "print" });
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
  for (const { of, media, ...options } of looks) {
    const context = await browser.newContext(options);
    if (key) await context.addInitScript(text => sessionStorage.setItem("opensdc-key", text), key);
    for (const [view, hash] of Object.entries(views)) {
      const page = await context.newPage();
      await page.goto(`${address}/${hash}`);
      await page.waitForLoadState("networkidle").catch(() => { /* The page asks for news every few seconds. */ });
      await page.waitForTimeout(700);
      if (media) await page.emulateMedia({ media });
      await page.screenshot({ path: path.join(folder, `${view}-${of}.png`), fullPage: media === "print" });
      await page.close();
    }
    await context.close();
  }
  await browser.close();
}

main();
