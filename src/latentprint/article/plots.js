// Plots that share one copy of Plotly: each frame is filled when it comes near the window.
(() => {
  "use strict";
  const fill = (frame) => {
    const library = pagePlotly.replace(/<(?=\/script|!--|script)/gi, "\\x3c");
    frame.srcdoc = frame.dataset.plot.replaceAll("<!--plotly-->", () => `<script>${library}</script>`);
    frame.removeAttribute("data-plot");
  };
  const near = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      fill(target);
    }
  }, { rootMargin: "600px" });
  const frames = () => document.querySelectorAll("iframe[data-plot]");
  for (const frame of frames()) near.observe(frame);
  addEventListener("beforeprint", () => { for (const frame of frames()) fill(frame); });
})();
