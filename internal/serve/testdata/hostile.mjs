// Opens pages that show hostile text, and lists elements, attributes and links that no page of ours has.
export default async ({ page, requests, input }) => {
  const elements = [];
  const links = new Set();
  await page.goto(input.enter);
  for (const path of input.pages) {
    await page.goto(input.origin + path);
    const seen = await page.evaluate(() => {
      const own = [];
      if (document.querySelectorAll("script").length !== 1) own.push("script");
      for (const name of ["iframe", "img", "object", "embed", "base", "style", "link:not([href='/style.css']):not([href='/icon.svg'])"]) if (document.querySelector(name)) own.push(name);
      for (const e of document.querySelectorAll("*")) for (const a of e.attributes) if (/^on|^style$/.test(a.name)) own.push(`${e.tagName} ${a.name}`);
      return { own, links: [...document.querySelectorAll("a[href], form[action]")].map((e) => e.getAttribute("href") ?? e.getAttribute("action")) };
    });
    elements.push(...seen.own.map((s) => `${path.slice(0, 60)}: ${s}`));
    for (const l of seen.links) links.add(l);
  }
  return { elements, links: [...links], requests, pages: input.pages.length };
};
