export default async ({ page, newPage, axe, requests, input }) => {
  const trouble = [];
  const is = (ok, what) => { if (!ok) trouble.push(what); };
  const found = [];
  const ready = (p) => p.waitForSelector("html[data-ready]");
  const status = (p) => p.textContent("#status");

  await page.goto(input.address);
  await ready(page);
  found.push(...await axe(page));

  // Sort.
  const first = () => page.textContent("#table tbody tr:first-child td:nth-child(6)");
  await page.click("#table th button:text-is('Age')");
  const oldest = parseInt(await first());
  is(await page.getAttribute("#table th:nth-child(6)", "aria-sort") === "ascending", "no aria-sort");
  await page.click("#table th button:text-is('Age')");
  const youngest = parseInt(await first());
  is(oldest > youngest, `sorted by age: ${oldest} first, then ${youngest}`);

  // Filter, by the form and by a bar of a chart.
  await page.selectOption("#severity", "critical");
  const critical = await status(page);
  const sevs = await page.locator("#table tbody td:first-child").allTextContents();
  is(sevs.length > 0 && sevs.every((s) => s === "critical"), "the severity filter lets others through");
  await page.click("#reset");
  await page.fill("#q", "payments terraform");
  is(/^\d+ of/.test(await status(page)) && await status(page) !== critical, "search changes nothing");
  await page.click("#reset");
  await page.click("a[href='#condition=cross-environment']");
  await page.waitForFunction(() => document.getElementById("condition").value === "cross-environment"); // else the run ends here
  const crossed = await page.locator("#table tbody tr td:last-child").allTextContents();
  is(crossed.length > 0 && crossed.every((s) => s.includes("cross-environment")), "the condition filter lets others through");

  // What holds for names of secrets alone leads to them, and leaves the table as it is.
  await page.click("#reset");
  const before = await status(page);
  await page.click("a[href='#refs-h'] >> nth=0");
  await page.waitForTimeout(100); // for a change that must not come
  is((await status(page)) === before, "a link to a part of the page filters");
  await page.click("a[href='#condition=cross-environment']");
  await page.waitForFunction(() => document.getElementById("condition").value === "cross-environment");

  // Open a credential; its address opens it again.
  await page.click("#table tbody a >> nth=0");
  await page.waitForSelector("dialog[open] .part");
  const text = await page.textContent("dialog");
  for (const s of ["Fix", "Timeline", "first seen", "Evidence", "Verdicts", "place", "What is known"]) is(text.includes(s), `no ${s} in the page of a credential`);
  found.push(...await axe(page));
  const again = page.url();
  const second = await newPage();
  await second.goto(again);
  await second.waitForSelector("dialog[open] .part");
  is((await second.textContent("#dialog-title")) === (await page.textContent("#dialog-title")), "the address opens another credential");
  await page.keyboard.press("Escape");
  is(!(await page.isVisible("dialog")), "Escape does not close");

  // By keyboard alone: to the search field, a word, the first credential, into it and back.
  const keys = await newPage();
  await keys.goto(input.address);
  await ready(keys);
  await keys.keyboard.press("Tab");
  is((await keys.evaluate(() => document.activeElement.textContent)).startsWith("Skip"), "the first stop is not the skip link");
  await keys.keyboard.press("Enter");
  const focus = () => keys.evaluate(() => document.activeElement.id || document.activeElement.tagName + " " + document.activeElement.textContent.slice(0, 20));
  await keys.keyboard.press("Tab");
  is((await focus()) === "q", `after the skip link: ${await focus()}`);
  await keys.keyboard.type("github");
  let stops = 0;
  while (!(await focus()).startsWith("A c-") && stops++ < 40) await keys.keyboard.press("Tab");
  const link = await focus();
  is(link.startsWith("A c-"), `no credential within ${stops} stops`);
  await keys.keyboard.press("Enter");
  await keys.waitForSelector("dialog[open] .part");
  is(await keys.evaluate(() => document.querySelector("dialog").contains(document.activeElement)), "focus is not in the dialog");
  await keys.keyboard.press("Escape");
  is((await focus()) === link, `focus comes back to ${await focus()}, not ${link}`);

  // Print: the page, and the parts of a list.
  await page.click("#reset");
  await page.selectOption("#severity", "critical");
  await page.click("#expand");
  await page.waitForSelector("#parts .part");
  await page.evaluate(() => { window.unfolded = 0; addEventListener("beforeprint", () => { window.unfolded = document.querySelectorAll("details.paper[open]").length; }); });
  const pdf = await page.pdf({ format: "A4" });
  is(await page.locator("#parts .part").count() > 0, "no parts to print");
  is(await page.evaluate(() => window.unfolded) === 10, "what is to be done is folded on paper");
  is(await page.locator("details.paper[open]").count() === 0, "printing leaves details open");
  await page.emulateMedia({ media: "print" });
  await page.setViewportSize({ width: 794, height: 1123 });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  is(wide <= 0, `${wide} px too wide for paper`);
  await page.emulateMedia({ media: "screen" });

  // What people see.
  for (const scheme of ["light", "dark"]) {
    for (const [name, width, height] of [["wide", 1280, 900], ["mobile", 390, 844]]) {
      const p = await newPage({ colorScheme: scheme, viewport: { width, height } });
      await p.goto(input.address);
      await ready(p);
      found.push(...(await axe(p)).map((s) => `${scheme} ${name}: ${s}`));
      const over = await p.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      is(over <= 0, `${scheme} ${name}: ${over} px too wide`);
      if (input.shots) await p.screenshot({ path: `${input.shots}/report-${scheme}-${name}.png`, fullPage: true });
      await p.evaluate(() => document.querySelector("#table tbody a").click());
      await p.waitForSelector("dialog[open] .part");
      found.push(...(await axe(p)).map((s) => `${scheme} ${name}, opened: ${s}`));
      if (input.shots) await p.screenshot({ path: `${input.shots}/credential-${scheme}-${name}.png` });
      await p.context().close();
    }
  }
  if (input.shots) await page.pdf({ format: "A4", path: `${input.shots}/report.pdf` });
  return { axe: [...new Set(found)], requests, trouble, pdf: pdf.length };
};
