"""A document made by hand, with everything that a page shows."""

from __future__ import annotations

from latentprint.article.citations import Reference
from latentprint.article.document import Document
from latentprint.article.front_matter import Affiliation, Author, FrontMatter, Notation
from latentprint.article.headings import Heading

SENTENCE = (
    "A frozen encoder sees the scene, and with it the camera: the blocks of a JPEG file, the halo "
    "of a sharpening filter and the grid of an interpolation kernel all leave traces. "
)
PICTURE = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 160 60'%3E"
    "%3Crect width='160' height='60' fill='%235b8db8'/%3E"
    "%3Ccircle cx='120' cy='20' r='12' fill='%23f4e8c8'/%3E"
    "%3Cpath d='M0 60 60 18 100 60z' fill='%23354f63'/%3E%3C/svg%3E"
)
WIDE = (
    "<mi>f</mi><mo>(</mo><mi>x</mi><mo>)</mo><mo>=</mo>"
    + "<msub><mi>w</mi><mn>10</mn></msub><mi>exp</mi><mo>(</mo><mi>x</mi><mo>)</mo><mo>+</mo>" * 12
    + "<mn>1</mn>"
)
_PLOT = (
    "<svg viewBox='0 0 300 80' role='img' aria-label='A line'><path d='M5 75 100 40 200 50 295 5' "
    "fill='none' stroke='#0063a0' stroke-width='3'/></svg>"
)


def _cite(*numbers: int) -> str:
    links = ", ".join(
        f'<a class="citation-link" href="#reference-{each}" data-reference="{each}">{each}</a>'
        for each in numbers
    )
    return f'<span class="citation">[{links}]</span>'


def _note(number: int) -> str:
    return (
        f'<sup class="footnote-mark"><a id="footnote-mark-{number}" href="#footnote-{number}" '
        f'data-footnote="{number}">{number}</a></sup>'
    )


def _table(columns: int) -> str:
    head = "".join(f"<th>Accuracy at k = {each}</th>" for each in range(columns))
    row = "".join(f"<td>{60 + each}.5</td>" for each in range(columns))
    return (
        f'<div class="table"><table><thead><tr>{head}</tr></thead><tbody>'
        f"<tr>{row}</tr><tr>{row}</tr></tbody></table></div>"
    )


def _code(lines: str) -> str:
    return f'<div class="code"><pre><code class="language-python">{lines}</code></pre></div>'


_SHORT = (
    '<span class="k">def</span> recall(ranks: np.ndarray, k: int) -> float:\n'
    "    return (ranks &lt; k).mean()"
)
_LONG = "print('" + "a line that is too wide for the page, " * 6 + "')"
_ADDRESS = "https://example.org/" + "goes_on_and_on_" * 12

BODY = f"""
<p>{SENTENCE * 2}This was measured {_cite(1, 3)} on frozen encoders, with controls {_cite(2)}; a
key without an entry shows <span class="citation">[<span
class="unknown">?</span>]</span>. There is
more to say{_note(1)}.</p>
<h2 id="traces">Traces can be recovered</h2>
<p>{SENTENCE}<strong>Linear probes</strong> read them with an accuracy of <em>far more</em> than
chance, written <code>probe.fit(X, y)</code> in code and
<math><msup><mi>x</mi><mn>2</mn></msup></math> in mathematics.{_note(2)}</p>
<aside class="l-gutter"><p>A remark in the gutter, which folds into the text where it is
narrow.</p></aside>
<h3 id="processing">Processing labels</h3>
<p>{SENTENCE * 2}</p>
<ul><li>JPEG quality<ul><li>and chroma subsampling</li></ul></li><li>sharpening</li></ul>
<ul class="contains-task-list">
<li class="task-list-item"><input class="task-list-item-checkbox" type="checkbox" disabled checked
aria-label="done"> embed the photos</li>
<li class="task-list-item"><input class="task-list-item-checkbox" type="checkbox" disabled
aria-label="to do"> read the page</li></ul>
<blockquote><p>{SENTENCE}</p></blockquote>
<div class="math-display"><math display="block"><msub><mi>p</mi><mi>i</mi></msub><mo>=</mo>
<mfrac><mrow><mi>exp</mi><msub><mi>z</mi><mi>i</mi></msub></mrow>
<mrow><munder><mo>∑</mo><mi>j</mi></munder><mi>exp</mi><msub><mi>z</mi><mi>j</mi></msub></mrow>
</mfrac></math></div>
<div class="math-display" id="wide-formula"><math display="block">{WIDE}</math></div>
<h3 id="acquisition">Acquisition labels</h3>
<p>{SENTENCE * 3}</p>
<figure class="l-body-outset"><img src="{PICTURE}" alt="A hill and the sun">
<figcaption>l-body-outset: {SENTENCE}</figcaption></figure>
<figure class="l-page"><img src="{PICTURE}" alt="A hill and the sun, wider">
<figcaption>l-page: {SENTENCE}</figcaption></figure>
<p>{SENTENCE}</p>
<figure class="l-page-outset"><img src="{PICTURE}" alt="A hill and the sun, wider still">
<figcaption>l-page-outset: {SENTENCE}</figcaption></figure>
<figure class="l-screen-inset"><img src="{PICTURE}" alt="A hill and the sun, nearly full">
<figcaption>l-screen-inset: {SENTENCE}</figcaption></figure>
<figure class="l-screen"><img src="{PICTURE}" alt="A hill and the sun, full width">
<figcaption>l-screen: {SENTENCE}</figcaption></figure>
<h2 id="harm">Traces can interfere</h2>
<p>{SENTENCE * 3}</p>
{_code(_SHORT)}
{_code(_LONG)}
{_table(3)}
{_table(14)}
<details><summary>More about the probe</summary><p>{SENTENCE}</p>
{_code("epochs = 30")}</details>
<h2 id="missing">What is missing</h2>
<p>{SENTENCE}<code class="unsupported">{{% youtube 1 %}}</code> and
<code class="math-source">\\frac{{1}}</code></p>
<p><span class="placeholder" role="note">The picture images/lost.png is missing.</span></p>
<iframe class="embedded-plot" sandbox="allow-scripts" title="A line that rises" height="160"
srcdoc="{_PLOT}"></iframe>
<p>{SENTENCE * 4}</p>
<p><a href="{_ADDRESS}">An address</a>: {_ADDRESS}</p>
<h2 id="end">The end</h2>
<p>{SENTENCE}</p>
"""

FRONT = FrontMatter(
    title="What does an encoder know about your camera?",
    description="Frozen visual encoders keep traces of how a photo was taken and processed. "
    "This is how to find out which, and whether it matters.",
    date="2026-11-24",
    tags=("embeddings", "cameras"),
    authors=(
        Author(
            "Ada Beispiel", "https://example.org/ada", (Affiliation("University of Here"),), ("*",)
        ),
        Author(
            "Bo Exempel",
            None,
            (Affiliation("Institute", "https://example.org"), Affiliation("Lab")),
        ),
    ),
    notations=(Notation("Equal contribution", "*"),),
)

HEADINGS = (
    Heading(
        "traces",
        "Traces can be recovered",
        2,
        (
            Heading("processing", "Processing labels", 3),
            Heading("acquisition", "Acquisition labels", 3),
        ),
    ),
    Heading("harm", "Traces can interfere", 2),
    Heading("missing", "What is missing", 2),
    Heading("end", "The end", 2),
)

DOCUMENT = Document(
    front=FRONT,
    body=BODY,
    headings=HEADINGS,
    footnotes=(
        "The first note, with <em>emphasis</em> and a <a href='https://example.org/note'>link</a>.",
        "The second note.",
    ),
    references=(
        Reference(
            "ramos",
            "<cite>Processing and acquisition traces in visual encoders.</cite> Ramos et al. ICCV, "
            "2025. <a href='https://arxiv.org/abs/2508.10637'>arXiv</a>",
            1,
        ),
        Reference("hewitt", "<cite>Designing and interpreting probes.</cite> EMNLP, 2019.", 2),
        Reference("third", "<cite>A third work.</cite> " + SENTENCE, 3),
    ),
)
"""A page of it has every layout, citations, notes, code, mathematics and wide tables."""
