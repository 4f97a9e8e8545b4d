export default async ({ page, input }) => {
  await page.goto(input.address);
  await page.waitForSelector("html[data-ready]");
  const look = () => page.evaluate(() => {
    const own = document.querySelectorAll("script:not(.block)").length === 1 ? [] : ["script"];
    for (const name of ["iframe", "img", "object", "embed", "base", "link", "form:not(#filters)"]) if (document.querySelector(name)) own.push(name);
    for (const e of document.querySelectorAll("*")) for (const a of e.attributes) if (/^on|^style$/.test(a.name)) own.push(`${e.tagName} ${a.name}`);
    return own;
  });
  const elements = await look();
  await page.click("#table tbody a >> nth=0");
  await page.waitForSelector("dialog[open] .part");
  elements.push(...await look());
  const links = await page.evaluate(() => [...document.querySelectorAll("[href], [src]")].map((e) => e.getAttribute("href") ?? e.getAttribute("src")));
  const text = (await page.textContent("dialog")).includes("<script>alert(1)</script>");
  return { elements, links, text };
};
