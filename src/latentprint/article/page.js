"use strict";
(() => {
  const all = (selector) => [...document.querySelectorAll(selector)];

  // The contents fold on narrow pages, and mark the section that is being read.
  const contents = document.querySelector(".contents");
  if (contents) {
    const fold = contents.querySelector("details");
    const narrow = matchMedia("not all and (min-width: 80rem)");
    const arrange = () => { fold.open = !narrow.matches; };
    arrange();
    narrow.addEventListener("change", arrange);
    contents.addEventListener("click", (event) => {
      if (event.target.closest("a") && narrow.matches) fold.open = false;
    });

    const links = [...contents.querySelectorAll("a")];
    const headings = links.map((link) => document.getElementById(decodeURIComponent(link.hash.slice(1))));
    const mark = () => {
      const line = innerHeight * 0.3;
      const root = document.documentElement;
      const ended = root.scrollHeight > innerHeight && scrollY + innerHeight >= root.scrollHeight - 2;
      const passed = headings.findLastIndex((each) => each && each.getBoundingClientRect().top <= line);
      const current = links[ended ? links.length - 1 : passed];
      for (const link of links) {
        if (link === current) link.setAttribute("aria-current", "location");
        else link.removeAttribute("aria-current");
      }
      if (!current || narrow.matches) return;
      const { top, bottom } = current.getBoundingClientRect();
      const frame = contents.getBoundingClientRect();
      if (top < frame.top) contents.scrollTop += top - frame.top - 48;
      if (bottom > frame.bottom) contents.scrollTop += bottom - frame.bottom + 48;
    };
    // Figures that are drawn late move the text below them: scrolling alone does not tell.
    let waiting = false;
    const later = () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        mark();
      });
    };
    addEventListener("scroll", later, { passive: true });
    new ResizeObserver(later).observe(document.body);
    mark();
  }

  // What is too wide scrolls in a box of its own, which the keyboard reaches.
  const wrap = (element, name) => {
    const box = document.createElement(name === "wide-formula" ? "span" : "div");
    box.className = name;
    element.replaceWith(box);
    box.append(element);
    return box;
  };
  const named = { PRE: "Code", TABLE: "Table" };
  const boxes = [
    ...all("main table").filter((each) => !each.closest(".scroll, .table") && !each.closest("pre"))
      .map((each) => wrap(each, "table")),
    ...all("main math").filter((each) => each.getAttribute("display") !== "block")
      .filter((each) => {
        const block = each.closest("p, li, td, th, dd, figcaption, summary, div");
        const edge = Math.min(block.getBoundingClientRect().right, innerWidth) + 1;
        return [each, ...each.children].some((part) => part.getBoundingClientRect().right > edge);
      })
      .map((each) => wrap(each, "wide-formula")),
    ...all("main pre, .math-display, main .table, main .scroll:not([tabindex])"),
  ];
  for (const each of all("article > *:not(script, style)")) {
    if (each.scrollWidth <= each.clientWidth + 1 || getComputedStyle(each).overflowX !== "visible") continue;
    each.classList.add("too-wide");
    boxes.push(each);
  }
  const focusable = (box) => {
    const table = box.querySelector("table");
    if (matchMedia("print").matches) return;
    // Paper does not scroll: a formula shrinks to the width of a sheet, 780 pixels at this size.
    if (box.matches(".math-display")) box.style.setProperty("--shrink", Math.min(1, 780 / box.scrollWidth));
    if (box.scrollWidth <= box.clientWidth + 1) {
      for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
      return;
    }
    box.tabIndex = 0;
    box.setAttribute("role", "region");
    const label = table?.caption?.textContent.trim() || named[(table ?? box).tagName]
      || (box.matches(".too-wide") ? "Figure" : "Formula");
    box.setAttribute("aria-label", label);
  };
  const sizes = new ResizeObserver((entries) => { for (const each of entries) focusable(each.target); });
  for (const box of new Set(boxes)) sizes.observe(box);

  // A button that copies the code beside it.
  const copied = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      return false;
    }
  };
  for (const pre of all("main pre")) {
    if (pre.closest("table")) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.setAttribute("aria-live", "polite");
    button.addEventListener("click", async () => {
      button.textContent = (await copied(pre.textContent)) ? "Copied" : "Not allowed here";
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
    (pre.closest(".code") ?? wrap(pre, "code")).append(button);
  }

  // Paper has no folds.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = all("main details:not([open], .numbers)");
    for (const each of folded) each.open = true;
  });
  addEventListener("afterprint", () => { for (const each of folded) each.open = false; });
})();
