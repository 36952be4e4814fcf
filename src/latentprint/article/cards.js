"use strict";
// Cards of citations and footnotes: what a link leads to, shown beside the link.
(() => {
  const card = document.createElement("span");
  card.className = "card";
  card.id = "page-card";
  card.setAttribute("role", "note");
  let owner = null;
  let leaving = 0;
  let pointer = "";

  const place = () => {
    const room = document.documentElement;
    const link = owner.getClientRects()[0];
    const { width, height } = card.getBoundingClientRect();
    const left = Math.min(link.left - 16, room.clientWidth - width - 16);
    const fits = link.bottom + height + 8 <= room.clientHeight || link.top < height + 8;
    card.style.left = `${Math.max(16, left)}px`;
    card.style.top = `${fits ? link.bottom + 4 : link.top - height - 4}px`;
  };
  const close = () => {
    clearTimeout(leaving);
    owner?.removeAttribute("aria-describedby");
    owner = null;
    card.remove();
  };
  const open = (link) => {
    clearTimeout(leaving);
    if (owner === link) return;
    close();
    const item = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (!item) return;
    const copy = item.cloneNode(true);
    for (const each of copy.querySelectorAll(".back")) each.remove();
    for (const each of copy.querySelectorAll("[id]")) each.removeAttribute("id");
    card.replaceChildren(...copy.childNodes);
    owner = link;
    owner.setAttribute("aria-describedby", "page-card");
    // Next in the document, so that Tab goes from the link into the card.
    link.after(card);
    place();
  };
  const leave = () => {
    clearTimeout(leaving);
    leaving = setTimeout(close, 200);
  };
  const within = (target) => target === owner || card.contains(target);

  for (const link of document.querySelectorAll(".citation a, .footnote-mark a")) {
    link.addEventListener("pointerenter", (event) => { if (event.pointerType === "mouse") open(link); });
    link.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") leave(); });
    link.addEventListener("focus", () => { if (link.matches(":focus-visible")) open(link); });
    link.addEventListener("click", (event) => {
      // The first tap shows the card, the second one follows the link.
      const shows = pointer === "touch" && owner !== link;
      if (shows) event.preventDefault();
      if (shows) open(link); else close();
    });
  }
  card.addEventListener("pointerenter", () => clearTimeout(leaving));
  card.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") leave(); });
  document.addEventListener("pointerdown", (event) => {
    pointer = event.pointerType;
    if (owner && !within(event.target)) close();
  });
  document.addEventListener("focusin", (event) => { if (owner && !within(event.target)) close(); });
  document.addEventListener("keydown", (event) => {
    pointer = "";
    if (event.key !== "Escape" || !owner) return;
    if (card.contains(document.activeElement)) owner.focus();
    close();
  });
  addEventListener("scroll", () => { if (owner) place(); }, { passive: true, capture: true });
  addEventListener("resize", () => { if (owner) place(); });
  addEventListener("beforeprint", close);
})();
