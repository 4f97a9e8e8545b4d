export default async ({ newPage, input }) => {
  for (const colorScheme of ["light", "dark"]) {
    const page = await newPage({ colorScheme, viewport: { width: 1180, height: 860 } });
    await page.goto(input.address);
    await page.waitForSelector("html[data-ready]");
    await page.locator("div.grid").screenshot({ path: `${input.shots}/report-${colorScheme}.png` }); // what a picture tells most of
  }
};
