"use strict";
// What figures of pictures do: contents to choose from, and two grids that move together. Without
// this script all of them are shown one under another.
(() => {
  const found = (kind) => document.querySelectorAll(`[data-gallery="${kind}"]`);
  const modified = (event) => event.ctrlKey || event.altKey || event.metaKey;

  const choices = (box) => {
    const chooser = box.querySelector(".chooser");
    const select = chooser.querySelector("select");
    const contents = [...box.children].filter((each) => each.classList.contains("choice"));
    const show = () => {
      for (const each of contents) each.hidden = each.id !== select.value;
    };
    box.classList.add("chosen");
    chooser.hidden = contents.length < 2;
    select.addEventListener("change", show);
    show(); // Browsers remember what was chosen before the page was loaded again.
  };

  // How many tiles stand in the first row of a grid.
  const across = (tiles) => {
    const next = tiles.findIndex((each) => each.offsetTop > tiles[0].offsetTop + 4);
    return next < 0 ? tiles.length : next;
  };

  const pairs = (box) => {
    const tiles = [...box.querySelectorAll(".photo")];
    const matches = [...box.querySelectorAll(".match")];
    let focused = null;

    // The pair in question; the last one stays described where none is.
    const show = (pair) => {
      box.classList.toggle("pointed", pair !== null);
      for (const tile of tiles) tile.classList.toggle("same", tile.dataset.pair === pair);
      if (pair === null) return;
      for (const match of matches) match.hidden = match.dataset.pair !== pair;
    };

    for (const tile of tiles) {
      const { pair } = tile.dataset;
      tile.addEventListener("pointerenter", () => show(pair));
      tile.addEventListener("pointerleave", () => show(focused));
      tile.addEventListener("focus", () => { focused = pair; show(pair); });
      tile.addEventListener("blur", () => { focused = null; show(null); });
      // Some browsers do not focus a button that is tapped.
      tile.addEventListener("click", () => tile.focus());
    }
    for (const grid of box.querySelectorAll(".mosaic")) {
      const own = [...grid.querySelectorAll(".photo")];
      const enter = (tile) => { for (const each of own) each.tabIndex = each === tile ? 0 : -1; };
      enter(own[0]);
      grid.addEventListener("focusin", (event) => enter(event.target.closest(".photo")));
      grid.addEventListener("keydown", (event) => {
        if (modified(event)) return;
        if (event.key === "Escape") { event.target.blur(); return; }
        const row = across(own);
        const place = own.indexOf(event.target);
        const next = {
          ArrowRight: place + 1, ArrowLeft: place - 1, ArrowDown: place + row, ArrowUp: place - row,
          Home: 0, End: own.length - 1,
        }[event.key];
        if (next === undefined) return;
        event.preventDefault();
        own[next]?.focus();
      });
    }
    box.classList.add("live");
    box.querySelector(".how").hidden = false;
    matches.forEach((match, place) => { match.hidden = place > 0; });
  };

  found("pairs").forEach(pairs);
  found("choices").forEach(choices);
})();
