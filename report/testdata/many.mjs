export default async ({ page, input }) => {
  await page.goto(input.address);
  await page.waitForSelector("html[data-ready]");
  const ready = Number(await page.getAttribute("html", "data-ready"));
  const timed = (f) => page.evaluate(f);
  const filter = await timed(() => {
    const t = performance.now();
    const q = document.getElementById("q");
    q.value = "payments terraform";
    q.dispatchEvent(new Event("input"));
    document.body.offsetHeight;
    return Math.round(performance.now() - t);
  });
  const rows = await page.textContent("#status");
  await page.click("#reset");
  const sort = await timed(() => {
    const t = performance.now();
    document.querySelectorAll("#table th button")[5].click();
    document.body.offsetHeight;
    return Math.round(performance.now() - t);
  });
  const open = await timed(async () => {
    const t = performance.now();
    document.querySelector("#table tbody a").click();
    while (!document.querySelector("dialog[open] .part")) await new Promise((r) => setTimeout(r, 1));
    return Math.round(performance.now() - t);
  });
  return { ready, filter, sort, open, rows };
};
