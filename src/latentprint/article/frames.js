"use strict";
// Plots in frames: each is put together when it comes near, from its page and the scripts that the
// page around it holds once for all of them; and each is told whether that is light or dark.
(() => {
  const frames = [...document.querySelectorAll("iframe.embedded-plot")];
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const mark = /<script data-shared-script="(\w+)"><\/script>/g;

  const tell = (frame) => {
    const theme = root.dataset.theme || (system.matches ? "dark" : "light");
    // A frame of its own origin can be addressed only as any.
    frame.contentWindow?.postMessage({ theme }, "*");
  };
  const fill = (frame) => {
    const page = frame.dataset.page;
    if (page === undefined) return;
    delete frame.dataset.page;
    frame.srcdoc = page.replace(mark, (_, key) => (
      `<script>${document.getElementById(`page-script-${key}`).textContent}<\/script>`));
  };

  const places = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      fill(target);
      places.unobserve(target);
    }
  }, { rootMargin: "600px 0px" });
  const tellAll = () => frames.forEach(tell);
  for (const frame of frames) {
    frame.addEventListener("load", () => tell(frame));
    tell(frame);
    places.observe(frame);
  }
  new MutationObserver(tellAll).observe(root, { attributeFilter: ["data-theme"] });
  system.addEventListener("change", tellAll);
  addEventListener("beforeprint", () => frames.forEach(fill));
})();
