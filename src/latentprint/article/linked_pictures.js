"use strict";
// Pictures of several grids that go together by their data-index, as posts dim them with a script
// of their own when the mouse is over one: here the keyboard and a finger do what the mouse does.
(() => {
  const pictures = [...document.querySelectorAll("main img[data-index]")];
  const grids = [...new Set(pictures.map((each) => each.parentElement))];
  if (grids.length < 2) return;
  let held = null; // The picture that a key or a finger points at.
  let touched = false;
  const over = (picture, type) => picture.dispatchEvent(new MouseEvent(type, { bubbles: true }));

  for (const grid of grids) {
    const own = pictures.filter((each) => each.parentElement === grid);
    const name = grid.previousElementSibling?.textContent.trim() || "Picture";
    const columns = () => own.filter((each) => each.offsetTop === own[0].offsetTop).length;
    const enter = (picture) => {
      for (const each of own) each.tabIndex = each === picture ? 0 : -1;
    };
    own.forEach((picture, place) => {
      if (!picture.alt) picture.alt = `${name}, ${place + 1} of ${own.length}`;
      picture.addEventListener("focus", () => {
        enter(picture);
        if (!touched && !picture.matches(":focus-visible")) return;
        held = picture;
        over(picture, "mouseover");
      });
      picture.addEventListener("blur", () => {
        if (held !== picture) return;
        held = null;
        over(picture, "mouseout");
      });
      picture.addEventListener("pointerdown", ({ pointerType }) => {
        touched = pointerType === "touch";
        if (touched) picture.focus({ preventScroll: true });
      });
      picture.addEventListener("keydown", (event) => {
        if (event.ctrlKey || event.altKey || event.metaKey) return;
        if (event.key === "Escape") { picture.blur(); return; }
        const next = {
          ArrowRight: place + 1, ArrowLeft: place - 1, Home: 0, End: own.length - 1,
          ArrowDown: place + columns(), ArrowUp: place - columns(),
        }[event.key];
        if (next === undefined) return;
        event.preventDefault();
        own[next]?.focus();
      });
    });
    enter(own[0]);
    // After a touch browsers make a mouse up, which leaves the picture when the page moves.
    grid.addEventListener("mouseout", ({ isTrusted }) => {
      if (isTrusted && held) setTimeout(() => { if (held) over(held, "mouseover"); });
    });
  }
})();
