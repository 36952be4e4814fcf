"""Diagrams and charts that other sites draw with a script: here they are shown as their source.

The page loads no script, and none of theirs comes along. A difference and a drawing in characters
are read as they stand.
"""

from __future__ import annotations

import html

from latentprint.article.context import Context

KINDS = {
    "mermaid": "Mermaid diagram",
    "chartjs": "Chart.js chart",
    "echarts": "ECharts chart",
    "vega_lite": "Vega-Lite chart",
    "vega-lite": "Vega-Lite chart",
    "plotly": "Plotly chart",
    "geojson": "GeoJSON map",
    "pseudocode": "pseudocode",
    "plantuml": "PlantUML diagram",
    "tikz": "TikZ drawing",
}
"""The languages of code that other sites draw, and what they are called."""

PLAIN = {"typograms": "text", "diff2html": "diff"}
"""The languages of code that other sites draw and that can be read as they stand."""


def diagram_html(context: Context, language: str, source: str, line: int | None) -> str:
    """A block that says what the source in it would draw.

    Args:
        context: Where it is reported.
        language: One of `KINDS`.
        source: The diagram's source.
        line: Its line.
    """
    name = KINDS[language]
    context.warn(
        line, f"The {name} is shown as its source: a page loads no script.", kind="diagram"
    )
    shown = html.escape(source.strip("\n"), quote=False)
    return (
        f'<figure class="diagram"><pre><code>{shown}</code></pre>'
        f"<figcaption>Source of a {html.escape(name)}, which this page does not draw."
        "</figcaption></figure>\n"
    )
