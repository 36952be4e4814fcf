"use strict";
(() => {
  const plots = [...document.querySelectorAll(".plot")];
  const hidden = new Set();
  const config = { responsive: true, displayModeBar: false };

  // Figures name colours as CSS variables, so that light, dark and print each have their own.
  const themed = (value, style) => {
    if (typeof value === "string") {
      const name = /^var\((--[\w-]+)\)$/.exec(value);
      return name ? style.getPropertyValue(name[1]).trim() : value;
    }
    if (Array.isArray(value)) return value.map((each) => themed(each, style));
    if (value && typeof value === "object") {
      return Object.fromEntries(
        Object.entries(value).map(([key, each]) => [key, themed(each, style)]));
    }
    return value;
  };

  const draw = () => {
    const style = getComputedStyle(document.documentElement);
    for (const plot of plots) {
      const { data, layout } = themed(JSON.parse(plot.nextElementSibling.textContent), style);
      const figure = plot.closest("figure").id;
      for (const trace of data) {
        trace.visible = !hidden.has(`${figure} ${trace.legendgroup}`);
      }
      Plotly.react(plot, data, layout, config);
    }
  };

  for (const key of document.querySelectorAll("button[data-group]")) {
    key.disabled = false;
    key.addEventListener("click", () => {
      const name = `${key.closest("figure").id} ${key.dataset.group}`;
      const shown = hidden.delete(name);
      if (!shown) hidden.add(name);
      key.setAttribute("aria-pressed", String(shown));
      draw();
    });
  }

  // Tables are open without this script; with it, the figures come first.
  const tables = [...document.querySelectorAll("details.numbers")];
  for (const table of tables) table.open = false;
  addEventListener("beforeprint", () => { for (const table of tables) table.open = true; });
  for (const query of ["(prefers-color-scheme: dark)", "print"]) {
    matchMedia(query).addEventListener("change", draw);
  }
  draw();
})();
