"use strict";
// The pages work without this.
(() => {
  const form = document.getElementById("filters");
  // A form that is sent leaves out what is not chosen, so that its address says what it filters by and no more.
  form?.addEventListener("submit", () => {
    for (const e of form.elements) if (e.name && !e.value) e.disabled = true;
  });
  addEventListener("pageshow", () => {
    for (const e of form?.elements ?? []) e.disabled = false;
  });

  // Paper shows what is folded.
  const unfolded = [];
  addEventListener("beforeprint", () => {
    for (const d of document.querySelectorAll("details.paper:not([open])")) { d.open = true; unfolded.push(d); }
  });
  addEventListener("afterprint", () => { for (const d of unfolded.splice(0)) d.open = false; });
})();
