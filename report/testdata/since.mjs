export default async ({ page, newPage, axe, requests, input }) => {
  const trouble = [];
  const is = (ok, what) => { if (!ok) trouble.push(what); };
  const found = [];
  const ready = (p) => p.waitForSelector("html[data-ready]");
  await page.goto(input.address);
  await ready(page);
  is(await page.isVisible("#since-h"), "no part about what changed");
  is(await page.isVisible("#change"), "no filter by change");

  // A change filters the table, also to what a decision covers now.
  for (const change of ["new", "covered"]) {
    await page.selectOption("#change", change);
    const titles = await page.locator("#table tbody td:nth-child(2)").allTextContents();
    is(titles.length > 0 && titles.every((s) => s.endsWith(change)), `the filter by ${change} lets others through`);
  }
  await page.click("#reset");

  // What is new opens; what is gone has nothing to open.
  await page.click("section[aria-labelledby=since-h] a[href^='#id='] >> nth=0");
  await page.waitForSelector("dialog[open] .part");
  await page.keyboard.press("Escape");
  is((await page.locator("details:has(> summary:text('gone')) a[href^='#id=']").count()) === 0, "what is gone has a link");

  // One target of many.
  await page.click("section[aria-labelledby=target-h] a >> nth=0");
  await page.waitForFunction(() => document.getElementById("target").value !== ""); // else the run ends here
  is(await page.locator("#table tbody tr").count() > 0, "a bar of a target leaves nothing");

  for (const scheme of ["light", "dark"]) {
    for (const [name, width, height] of [["wide", 1280, 900], ["mobile", 390, 844]]) {
      const p = await newPage({ colorScheme: scheme, viewport: { width, height } });
      await p.goto(input.address);
      await ready(p);
      await p.evaluate(() => document.querySelectorAll("section[aria-labelledby=since-h] details").forEach((d) => { d.open = true; }));
      found.push(...(await axe(p)).map((s) => `${scheme} ${name}: ${s}`));
      const over = await p.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      is(over <= 0, `${scheme} ${name}: ${over} px too wide`);
      if (input.shots) await p.screenshot({ path: `${input.shots}/since-${scheme}-${name}.png`, fullPage: true });
      await p.context().close();
    }
  }
  return { axe: [...new Set(found)], requests, trouble };
};
