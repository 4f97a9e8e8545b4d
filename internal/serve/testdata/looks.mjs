// Looks at every page in light and dark, wide and at a phone's width, and on paper: nothing that axe-core calls serious, nothing too wide.
export default async ({ page, newPage, axe, requests, input }) => {
  const trouble = [];
  const found = [];
  const fits = async (p, what) => {
    const over = await p.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (over > 0) trouble.push(`${what}: ${over} px too wide`);
  };
  await page.goto(input.enter);
  await page.goto(input.origin + "/credentials");
  const credential = await page.getAttribute("#table tbody a >> nth=0", "href");
  const pages = {
    overview: "/", credentials: "/credentials", credential, runs: "/runs", run: "/runs/" + input.run, trends: "/trends", exceptions: "/exceptions", ledger: "/ledger",
    past: "/?as-of=" + input.day,
  };
  const coloured = ["overview", "credential", "run", "trends", "past"]; // what dark may spoil
  for (const scheme of ["light", "dark"]) {
    for (const [name, width, height] of [["wide", 1280, 900], ["mobile", 390, 844]]) {
      if (scheme === "dark" && name === "mobile" && !input.shots) continue; // the width does not depend on the colours
      const p = await newPage({ colorScheme: scheme, viewport: { width, height } });
      await p.goto(input.enter);
      for (const [what, path] of Object.entries(pages)) {
        await p.goto(input.origin + path);
        await fits(p, `${what}, ${scheme}, ${name}`);
        if (name === "wide" && (scheme === "light" || coloured.includes(what))) found.push(...(await axe(p)).map((s) => `${what}, ${scheme}: ${s}`)); // which does not depend on the width
        if (input.shots) await p.screenshot({ path: `${input.shots}/serve-${what}-${scheme}-${name}.png`, fullPage: true });
      }
      await p.context().close();
    }
  }
  await page.emulateMedia({ media: "print" });
  await page.setViewportSize({ width: 794, height: 1123 });
  for (const [what, path] of Object.entries(pages)) {
    await page.goto(input.origin + path);
    await fits(page, `${what}, on paper`);
  }
  await page.goto(input.origin + "/");
  const pdf = await page.pdf({ format: "A4" });
  return { axe: [...new Set(found)], requests, trouble, pdf: pdf.length };
};
