// Does what a reader does with the served pages: enters by the token, filters, sorts, pages, opens a credential, goes back in time,
// with a script and without, and by keyboard alone.
export default async ({ page, newPage, requests, input }) => {
  const trouble = [];
  const is = (ok, what) => { if (!ok) trouble.push(what); };
  const at = (p) => { const u = new URL(p.url()); return u.pathname + u.search; };
  // follow waits for the page that an act leads to.
  const follow = async (p, act) => { const there = p.waitForNavigation(); await act(); await there; };
  const texts = (p, css) => p.locator(css).allTextContents();

  // The token goes out of the address, and out of a script's reach.
  await page.goto(input.enter);
  is(at(page) === "/", `after entering: ${at(page)}`);
  is(await page.evaluate(() => document.cookie) === "", "a script sees the cookie");

  // By a bar of a chart to the list, and on by the form.
  await follow(page, () => page.click("section[aria-labelledby=kind-h] .bars a >> nth=0"));
  is(at(page).startsWith("/credentials?kind="), `a bar leads to ${at(page)}`);
  const severity = await page.textContent("#table tbody td:first-child >> nth=0");
  const before = (await texts(page, "#table tbody tr")).length;
  await page.selectOption("#severity", severity);
  await follow(page, () => page.click("#filters button"));
  const left = await texts(page, "#table tbody td:first-child");
  is(left.length > 0 && left.length <= before && left.every((s) => s === severity), `the filter for ${severity} lets others through`);
  is(/[?&]kind=/.test(at(page)) && at(page).includes(`severity=${severity}`) && !/=(&|$)/.test(at(page)), `the address of a filter: ${at(page)}`);
  await follow(page, () => page.click("text=Clear"));
  await page.fill("#q", "payments terraform");
  await follow(page, () => page.keyboard.press("Enter"));
  is(/q=payments/.test(at(page)) && (await texts(page, "#table tbody tr")).length > 0, "search finds nothing");
  await follow(page, () => page.click("text=Clear"));
  const age = () => page.textContent("#table tbody tr:first-child td:nth-child(6)").then((s) => parseInt(s));
  await follow(page, () => page.click("#table th a:text-is('Age')"));
  const oldest = await age();
  is(await page.getAttribute("#table th:nth-child(6)", "aria-sort") === "ascending", "no aria-sort");
  await follow(page, () => page.click("#table th a:text-is('Age')"));
  is(await age() < oldest, "sorting by age the other way round changes nothing");
  await follow(page, () => page.click("text=Next"));
  is(/page=2/.test(at(page)), `the second page is ${at(page)}`);
  is(/^101 to/.test((await page.textContent(".pager")).replace("Previous", "").trim()), "the second page begins elsewhere");

  // A credential, and back in time.
  await page.goto(input.origin + "/credentials");
  await follow(page, () => page.click("#table tbody a >> nth=0"));
  const main = await page.textContent("main");
  for (const s of ["Fix", "Timeline", "first seen", "Evidence", "Verdicts", "place", "What is known", "What became of it"]) is(main.includes(s), `no ${s} in the page of a credential`);
  await page.fill("#as-of", input.day);
  await follow(page, () => page.click(".day button"));
  is(at(page).endsWith("?as-of=" + input.day), `back in time: ${at(page)}`);
  is((await page.textContent(".past")).includes(input.day), "no word of the day");
  await follow(page, () => page.click("nav a:text-is('Credentials')"));
  is(at(page) === "/credentials?as-of=" + input.day, `the day is lost: ${at(page)}`);
  await follow(page, () => page.click("#table tbody a >> nth=0"));
  is(at(page).endsWith("?as-of=" + input.day), `the day is lost: ${at(page)}`);
  await follow(page, () => page.click("text=Back to now"));
  is(!at(page).includes("as-of"), "the present has a day");

  // By keyboard alone: past the bar, to the search, to a credential.
  const keys = await newPage();
  await keys.goto(input.enter);
  await keys.goto(input.origin + "/credentials");
  const focus = () => keys.evaluate(() => document.activeElement.id || document.activeElement.tagName + " " + document.activeElement.textContent.slice(0, 20));
  await keys.keyboard.press("Tab");
  is((await focus()).startsWith("A Skip"), `the first stop is ${await focus()}`);
  await keys.keyboard.press("Enter");
  await keys.keyboard.press("Tab");
  is((await focus()) === "q", `after the skip link: ${await focus()}`);
  await keys.keyboard.type("github");
  await follow(keys, () => keys.keyboard.press("Enter"));
  let stops = 0;
  while (!(await focus()).startsWith("A c-") && stops++ < 60) await keys.keyboard.press("Tab");
  is((await focus()).startsWith("A c-"), `no credential within ${stops} stops`);
  await follow(keys, () => keys.keyboard.press("Enter"));
  is(at(keys).startsWith("/credentials/c-"), `Enter on a credential leads to ${at(keys)}`);
  await keys.context().close();

  // Without a script it is the same.
  const plain = await newPage({ javaScriptEnabled: false });
  await plain.goto(input.enter);
  await follow(plain, () => plain.click("nav a:text-is('Credentials')"));
  await plain.selectOption("#owner", "nobody");
  await follow(plain, () => plain.click("#filters button"));
  const rows = await plain.locator("#table tbody tr td:nth-child(5)").allTextContents();
  is(rows.length > 0 && rows.every((s) => s === "nobody"), "without a script the owner filter lets others through");
  await plain.context().close();
  return { requests, trouble };
};
