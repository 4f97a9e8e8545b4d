export default async ({ newPage, input }) => {
  for (const colorScheme of ["light", "dark"]) {
    const page = await newPage({ colorScheme, viewport: { width: 1320, height: 860 } });
    await page.goto(input.address);
    await page.waitForSelector("html[data-ready]");
    await page.locator("div.grid").evaluate((e) => e.scrollIntoView()); // what a picture tells most of
    await page.screenshot({ path: `${input.shots}/report-${colorScheme}.png` });
  }
};
