export default async ({ newPage, axe, requests, input }) => {
  const found = [];
  let over = 0;
  let scripts = 0;
  for (const scheme of ["light", "dark"]) {
    for (const [name, width, height] of [["wide", 1280, 900], ["mobile", 390, 844]]) {
      const p = await newPage({ colorScheme: scheme, viewport: { width, height } });
      await p.goto(input.address);
      found.push(...(await axe(p)).map((s) => `${scheme} ${name}: ${s}`));
      over = Math.max(over, await p.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth));
      scripts += await p.locator("script").count();
      if (input.shots) await p.screenshot({ path: `${input.shots}/compliance-${scheme}-${name}.png` });
      await p.context().close();
    }
  }
  return { axe: found, requests, over, scripts };
};
