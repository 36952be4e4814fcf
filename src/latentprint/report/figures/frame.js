"use strict";
// A figure alone in a frame: as many panels as fit are shown at a time, and the theme is that of
// the page around it, where that says one.
(() => {
  const figure = document.querySelector(".framed");
  const box = figure.querySelector(":scope > .panels");

  const themes = () => {
    const root = document.documentElement;
    const follow = (theme) => {
      if (theme === "light" || theme === "dark") root.dataset.theme = theme;
      else delete root.dataset.theme;
    };
    if (parent === self) return;
    // A page that keeps its frames apart sends its theme; another one can be looked at.
    addEventListener("message", ({ source, data }) => {
      if (source === parent && data && "theme" in data) follow(data.theme);
    });
    try {
      const around = parent.document.documentElement;
      const look = () => follow(around.dataset.theme);
      new MutationObserver(look).observe(around, { attributeFilter: ["data-theme"] });
      look();
    } catch { /* It is of another origin. */ }
  };

  const panels = () => {
    const every = [...box.children];
    const dense = box.classList.contains("dense");
    const narrowest = dense ? 170 : 226; // Pixels of a panel.
    const title = 30;
    const gap = 12;
    const pager = figure.querySelector(".pager");
    const select = pager?.querySelector("select");
    const [back, on] = pager?.querySelectorAll("button") ?? [];
    const plotOf = (panel) => panel.querySelector(".plot");
    const pixels = (panel, name) => parseFloat(plotOf(panel).style.getPropertyValue(name));
    const titleOf = (panel) => panel.querySelector(".panel-title").textContent;
    const least = Math.max(...every.map((each) => pixels(each, "--least"))) + title;
    let first = 0;
    let number = every.length; // Panels that are shown at a time.

    // Pixels of height that are left for panels.
    const room = () => {
      const others = [...figure.children].filter((each) => each !== box && each.offsetHeight
        && getComputedStyle(each).position !== "absolute");
      const style = getComputedStyle(figure);
      const gaps = parseFloat(style.rowGap) * others.length;
      const padding = parseFloat(style.paddingTop) + parseFloat(style.paddingBottom);
      return figure.clientHeight - padding - gaps
        - others.reduce((sum, each) => sum + each.offsetHeight, 0);
    };

    const show = (place) => {
      first = Math.min(Math.max(place, 0), every.length - 1);
      first -= first % number;
      every.forEach((each, index) => { each.hidden = index < first || index >= first + number; });
      if (!pager) return;
      select.value = String(first);
      back.disabled = first === 0;
      on.disabled = first + number >= every.length;
    };

    const list = () => {
      const pages = [];
      for (let start = 0; start < every.length; start += number) {
        const page = every.slice(start, start + number);
        const names = [titleOf(page[0]), ...(page.length > 1 ? [titleOf(page.at(-1))] : [])];
        pages.push(new Option(names.join(" … "), String(start)));
      }
      select.replaceChildren(...pages);
    };

    // How many fit side by side and one above the other, on pages of like length.
    const arrange = () => {
      if (!figure.clientHeight) return;
      if (pager) pager.hidden = false;
      const names = dense ? parseFloat(box.style.getPropertyValue("--names")) : 0;
      const compact = room() - title < 0.75 * pixels(every[0], "min-height");
      const width = box.clientWidth - (compact ? 30 : names);
      const across = Math.min(Math.max(Math.floor((width + gap) / (narrowest + gap)), 1), every.length);
      const down = Math.max(Math.floor((room() + gap) / (least + gap)), 1);
      const pages = Math.ceil(every.length / (across * down));
      number = Math.ceil(every.length / pages);
      const columns = Math.ceil(number / Math.ceil(number / across));
      if (pager) {
        pager.hidden = pages === 1;
        list();
      }
      box.style.setProperty("--columns", String(columns));
      box.classList.toggle("several", columns > 1);
      box.classList.toggle("compact", dense && compact);
      show(first);
    };

    select?.addEventListener("change", () => show(Number(select.value)));
    back?.addEventListener("click", () => show(first - number));
    on?.addEventListener("click", () => show(first + number));
    new ResizeObserver(arrange).observe(figure);
    arrange();
  };

  themes();
  if (box) panels();
  addEventListener("keydown", (event) => {
    const about = figure.querySelector(".about");
    if (event.key === "Escape" && box) about.open = false;
  });
})();
