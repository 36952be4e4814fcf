"use strict";
// What figures with panels do: they draw when they come near, follow the theme, hide and show
// their parts, and let the keyboard reach their points.
(() => {
  const config = { displayModeBar: false };
  const near = "600px 0px";
  // Pixels of the text column of a printed page, on which figures are zoomed out: see figures.css.
  const paper = 820;
  const plots = [...document.querySelectorAll("[data-figure-panels] .plot")];
  const drawn = new Map(); // Every plot that was drawn, with the size that it was drawn for.
  const contents = new Map();
  const reached = new Map(); // The point that the keyboard is at, by plot.
  const hidden = new Map(); // Names of the parts that are switched off, by figure.
  // The panels of a figure that is alone in its page are as high as there is room for.
  const fitted = (plot) => plot.closest(".framed > .panels") !== null;
  let printing = false;

  const figureOf = (element) => element.closest("[data-figure-panels]");
  const hiddenOf = (figure) => {
    if (!hidden.has(figure)) hidden.set(figure, new Set());
    return hidden.get(figure);
  };

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

  // Paper is white: while printing, colours are those of the light theme, which the page does not
  // have yet when it is told to get ready. Switched once for all plots: with every switch, the
  // browser works out the styles of the whole page anew.
  const inTheme = (drawing) => {
    if (!printing) {
      drawing();
      return;
    }
    const root = document.documentElement;
    const before = root.getAttribute("data-theme");
    root.setAttribute("data-theme", "light");
    drawing();
    if (before === null) root.removeAttribute("data-theme");
    else root.setAttribute("data-theme", before);
    themes.takeRecords();
  };

  const contentOf = (plot) => {
    if (!contents.has(plot)) {
      const script = plot.closest(".panel").querySelector("script[type='application/json']");
      contents.set(plot, JSON.parse(script.textContent));
    }
    return contents.get(plot);
  };

  // The names of rows: without those that are switched off; of families alone where the rows are
  // too low for names; smaller where it is narrow; and once for dense panels that stand side by
  // side.
  const placeNames = (plot, layout, off) => {
    const axis = layout.yaxis;
    const compact = plot.closest(".compact") !== null;
    const kept = axis.tickvals.map((_, index) => !off.has(layout.meta.groups[index])
      && (!compact || axis.ticktext[index].startsWith("<b>")));
    if (compact) layout.margin.l = 40;
    axis.tickvals = axis.tickvals.filter((_, index) => kept[index]);
    axis.ticktext = axis.ticktext.filter((_, index) => kept[index]);
    if (!compact && plot.closest(".panels").clientWidth < 420) {
      axis.tickfont.size *= 0.88;
      layout.margin.l = Math.round(0.87 * layout.margin.l);
    }
    const panel = plot.closest(".panel");
    const first = [...panel.parentElement.children].find((each) => each.offsetWidth);
    if (printing || Math.abs(panel.offsetLeft - first.offsetLeft) < 8) return;
    layout.margin.l = 10;
    axis.showticklabels = false;
  };

  const halved = (plot) => plot.closest(".panels:not(.single, .dense)") !== null;
  const widthOf = (plot) => {
    if (!printing || fitted(plot)) return plot.clientWidth;
    return halved(plot) ? (paper - 20) / 2 : paper;
  };
  const sizeOf = (plot) => (fitted(plot) ? `${widthOf(plot)} x ${plot.clientHeight}` : widthOf(plot));

  const draw = (plot) => {
    if (!plot.clientWidth) { // Inside something that is closed; a later resize draws it.
      if (drawn.has(plot)) drawn.set(plot, 0);
      return;
    }
    const off = hiddenOf(figureOf(plot));
    const { data, layout } = themed(contentOf(plot), getComputedStyle(document.documentElement));
    for (const trace of data) {
      // What all labels of a trace begin with stands once, in meta.
      if (trace.meta) trace.hovertext = trace.hovertext.map((each) => `${trace.meta}<br>${each}`);
      if (off.has(trace.legendgroup)) trace.visible = false;
    }
    for (const notes of ["annotations", "shapes"]) {
      layout[notes] = (layout[notes] || []).filter((each) => !off.has(each.name));
    }
    layout.width = widthOf(plot);
    if (fitted(plot)) layout.height = plot.clientHeight;
    if (plot.closest(".dense")) placeNames(plot, layout, off);
    drawn.set(plot, sizeOf(plot));
    Plotly.react(plot, data, layout, config).then(() => showReached(plot));
  };

  // The label of a point does not move with it where its plot is drawn anew, in another width, say.
  const showReached = (plot) => {
    if (reached.has(plot)) Plotly.Fx.hover(plot, [reached.get(plot)]);
  };

  const drawAll = (some) => inTheme(() => { for (const plot of some) draw(plot); });
  const drawAgain = () => drawAll(drawn.keys());
  const themes = new MutationObserver(drawAgain);

  const setPrinting = (value) => {
    if (printing === value) return;
    printing = value;
    drawAll(plots);
  };

  const watch = () => {
    const sizes = new ResizeObserver((entries) => requestAnimationFrame(() => {
      drawAll(entries.map(({ target }) => target)
        .filter((plot) => drawn.has(plot) && drawn.get(plot) !== sizeOf(plot)));
    }));
    const places = new IntersectionObserver((entries) => {
      for (const { isIntersecting, target } of entries) {
        if (isIntersecting && !drawn.has(target)) {
          drawAll([target]);
          if (drawn.has(target)) places.unobserve(target);
        }
      }
    }, { rootMargin: near });
    for (const plot of plots) {
      sizes.observe(plot);
      places.observe(plot);
    }
    themes.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAgain);
    matchMedia("print").addEventListener("change", ({ matches }) => setPrinting(matches));
    addEventListener("beforeprint", () => setPrinting(true));
    addEventListener("afterprint", () => setPrinting(false));
  };

  const legend = (figure) => {
    const off = hiddenOf(figure);
    for (const key of figure.querySelectorAll("button[data-group]")) {
      key.disabled = false;
      if (key.getAttribute("aria-pressed") === "false") off.add(key.dataset.group);
      key.addEventListener("click", () => {
        const shown = off.delete(key.dataset.group);
        if (!shown) off.add(key.dataset.group);
        key.setAttribute("aria-pressed", String(shown));
        drawAll([...figure.querySelectorAll(".plot")].filter((plot) => drawn.has(plot)));
      });
    }
  };

  // The points that are shown, in the order of the data; those of a heat map row by row, which
  // Plotly finds by their values alone.
  const pointsOf = (plot) => plot.data.flatMap((trace, curveNumber) => {
    if (trace.visible === false || trace.hoverinfo === "skip") return [];
    const texts = trace.hovertext || [];
    return trace.z
      ? texts.flatMap((row, y) => row.map((text, x) => (
        { curveNumber, xval: trace.x[x], yval: trace.y[y], text })))
      : texts.map((text, pointNumber) => ({ curveNumber, pointNumber, text }));
  });

  const entities = { "&lt;": "<", "&gt;": ">", "&amp;": "&" };
  const spokenOf = (text) => text.replaceAll("<br>", ", ").replace(/<\/?\w+>/g, "")
    .replace(/&(lt|gt|amp);/g, (each) => entities[each]);

  const steps = {
    ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -Infinity, End: Infinity,
  };

  // The place of the first point of the next or the previous series.
  const seriesFrom = (points, place, step) => {
    const starts = points.map((_, index) => index).filter((index) => (
      index === 0 || points[index].curveNumber !== points[index - 1].curveNumber));
    return step > 0
      ? starts.find((index) => index > place) ?? place
      : starts.findLast((index) => index < place) ?? 0;
  };

  const keyboard = (plot) => {
    const stage = plot.parentElement;
    const spoken = figureOf(plot).querySelector(".spoken");
    let place = -1;
    const leave = () => {
      reached.delete(plot);
      if (drawn.has(plot)) Plotly.Fx.unhover(plot);
      spoken.textContent = "";
    };
    stage.tabIndex = 0;
    stage.setAttribute("role", "application");
    stage.setAttribute("aria-label", `Points of the plot “${
      plot.closest(".panel").querySelector(".panel-title").textContent
    }”: arrow keys move through them, Escape leaves`);
    stage.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        leave();
        stage.blur();
        return;
      }
      const page = { PageDown: 1, PageUp: -1 }[event.key];
      if (!(event.key in steps || page) || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      if (!drawn.has(plot)) drawAll([plot]);
      const points = pointsOf(plot);
      if (!points.length) return;
      place = page
        ? seriesFrom(points, place, page)
        : Math.min(Math.max(place + steps[event.key], 0), points.length - 1);
      const { text, ...point } = points[place];
      reached.set(plot, point);
      showReached(plot);
      spoken.textContent = spokenOf(text);
      plot.querySelector(".hovertext")?.scrollIntoView({ block: "nearest" });
    });
    stage.addEventListener("blur", leave);
  };

  // Tables are open without this script; with it, the figures come first. What is closed is not
  // printed.
  const tables = () => {
    for (const table of document.querySelectorAll("[data-figure-panels] details.numbers")) {
      table.open = false;
    }
  };

  document.querySelectorAll("[data-figure-panels]").forEach(legend);
  plots.forEach(keyboard);
  tables();
  watch();
})();
