"""Citations and the bibliography."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from latentprint.article.bibliography import read_bibliography, reference_html
from latentprint.article.document import Document, parse_article

WORKS = "@misc{a, title={A}}\n@misc{b, title={B}}\n@misc{c, title={C}}\n"


def render(markdown: str, works: str = WORKS) -> Document:
    source = f"---\ntitle: T\nbibliography: works.bib\n---\n{markdown}"
    return parse_article(source, folder=None, files={"works.bib": works})


def reference(entry: str) -> str:
    bibliography = read_bibliography(entry)
    assert bibliography.problems == ()
    (only,) = bibliography.entries.values()
    return reference_html(only)


@pytest.mark.parametrize(
    "cite",
    [
        '<d-cite key="b,a"></d-cite>',
        '<d-cite key="b, a"/>',
        '<d-cite key="b,a">',
        "<d-cite bibtex-key='b,a'></d-cite>",
        '<D-CITE class="x" key="b,a"> </D-CITE>',
    ],
)
def test_ways_to_cite(cite: str) -> None:
    document = render(f'x {cite} y <d-cite key="c"></d-cite>')
    assert [each.key for each in document.references] == ["b", "a", "c"]
    assert [each.number for each in document.references] == [1, 2, 3]
    assert document.body.count('class="citation-link"') == 3
    assert document.warnings == ()


def test_numbers_follow_the_reading_order() -> None:
    document = render(
        'x[^n] <d-footnote><d-cite key="b"></d-cite></d-footnote>\n\n'
        '<div><d-cite key="a"></d-cite></div>\n\n[^n]: note <d-cite key="c"></d-cite>'
    )
    assert [each.key for each in document.references] == ["c", "b", "a"]


def test_citations_in_headings_tables_captions_and_html() -> None:
    cite = "<d-cite key='a'></d-cite>"
    document = render(
        f"## H {cite}\n\n| {cite} |\n|---|\n| {cite} |\n\n<p>{cite}</p>\n\n"
        f'{{% include figure.liquid path="x" alt="y" caption="{cite}" %}}'
    )
    assert document.body.count("[<a") == 5
    assert document.headings[0].title == "H"
    assert document.headings[0].id == "h"


@pytest.mark.parametrize("cite", ['<d-cite key="zz"></d-cite>', "<d-cite></d-cite>"])
def test_unknown_keys_are_visible_and_reported(cite: str) -> None:
    document = render(f"\n\nx {cite}")
    assert ">?</span>]" in document.body
    assert [each.line for each in document.warnings] == [7]
    assert document.references == ()


def test_citations_and_notes_of_pandoc_are_told() -> None:
    document = render("as [see @a, p. 3] says^[in a note], `[@a]`, [me@x.org] and @a")
    assert [each.message for each in document.warnings] == [
        "This stays as the source of a citation: [see @a, p. 3]",
        "This stays as the source of a footnote: ^[in a note]",
    ]


def test_a_hostile_key_stays_text() -> None:
    document = render("<d-cite key='&quot;&gt;&lt;script&gt;'></d-cite>")
    assert "<script>" not in document.body


@pytest.mark.parametrize("place", ["", "assets/bibliography", "_bibliography"])
def test_where_a_bibliography_may_be(tmp_path: Path, place: str) -> None:
    (tmp_path / place).mkdir(parents=True, exist_ok=True)
    (tmp_path / place / "works.bib").write_text(WORKS)
    source = "---\nbibliography: works.bib\n---\n<d-cite key='a'></d-cite>"
    assert len(parse_article(source, folder=tmp_path).references) == 1


def test_a_missing_bibliography_is_reported(tmp_path: Path) -> None:
    source = "---\ntitle: T\nbibliography: works.bib\n---\n"
    (warning,) = parse_article(source, folder=tmp_path).warnings
    assert (warning.line, warning.message) == (3, "The bibliography works.bib is missing.")
    (tmp_path / "works.bib").write_bytes(b"\xff\xfe")
    (warning,) = parse_article(source, folder=tmp_path).warnings
    assert "not UTF-8" in warning.message


def test_latex_is_decoded() -> None:
    shown = reference(
        r"@article{a, title={The {\'E}tude of {CLIP} \& $\alpha$ -- two}, "
        r"author={Gon{\c c}alves, Jo{\~a}o and {\L}ukasz Nowak}, journal={J. X}, year={2020}}"
    )
    assert "The Étude of CLIP &amp; " in shown
    assert "– two" in shown
    assert "João Gonçalves and Łukasz Nowak" in shown
    assert '<span class="reference-venue">J. X, 2020</span>' in shown


def authors(entry: str) -> str:
    (found,) = re.findall(r'reference-authors">(.*?)</span>', reference(entry))
    return str(found)


@pytest.mark.parametrize(
    ("field", "shown"),
    [
        ("{{Acme Imaging, Inc.}}", "Acme Imaging, Inc."),
        ("{Meyer, Hans and {Air and Ground Team}}", "Hans Meyer and Air and Ground Team"),
        ("{{Example Team, Example Lab}}", "Example Team, Example Lab"),
        (r"{{Müller \& Sohn, KG} and {\'E}mile Zola}", "Müller &amp; Sohn, KG and Émile Zola"),
        ('"{Barnes and Noble} and Knuth, Donald E."', "Barnes and Noble and Donald E. Knuth"),
        ("{de la Cruz, Jr., Juan}", "Juan de la Cruz Jr."),
        ("{A B and others and others}", "A B, et al."),
        ("{A B and et al.}", "A B, et al."),
        ("{A B et al. and others}", "A B, et al."),
        ("{A B and {et al.}}", "A B, et al."),
        ("{Anders Ethals}", "Anders Ethals"),
        ("{Acme Imaging, Inc. and Meyer, Hans}", "Acme Imaging, Inc. and Hans Meyer"),
        (r"{Bo Li and \'{E}mile Borel and \c{C}elik, A}", "Bo Li, Émile Borel and A Çelik"),
        ("{Bo Li AND\n \\O ystein Ore and and Ann And}", "Bo Li, Øystein Ore and Ann And"),
        ("{{R&D Team} and {AT\\&T} and {B&amp;N}}", "R&amp;D Team, AT&amp;T and B&amp;N"),
        (r"{Mu\~{n}oz, Jo{\~a}o and Nu\~nez, A~B}", "João Muñoz and A B Nuñez"),
        (r"{\~{I}l Nguy\~{\^e}n}", "Ĩl Nguyễn"),
        ("{One, A.; Two, B. and Li, C}", "One, A.; Two, B. and C Li"),
        ("{One A, Two B, Three C and : and Four, D}", "One A, Two B, Three C and D Four"),
        (r"{Descartes, Ren&eacute; and Knuth, D.\,E. and others.}",
         "René Descartes, D. E. Knuth, et al."),
        ("{family=Ek, given=J{\\\"o}rg, prefix=von der and A B}", "Jörg von der Ek and A B"),
    ],
)  # fmt: skip
def test_names_are_split_as_they_are_written(field: str, shown: str) -> None:
    assert authors(f"@misc{{a, title={{T}}, author={field}}}") == shown


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ('"Big " # venue # { of } # 2001', "Big Proc. of X of 2001"),
        ("VENUE", "Proc. of X"),
        ("longer", "Proc. of X Workshop"),
        ("{C# and #1}", "C# and #1"),
        (r"{50 % of \mbox{JPEG} in \LaTeX{}}", "50 % of JPEG in LaTeX"),
        (r"{\texttt{timm} \textsf{b}, \S 5, \pounds 5 or $5}", "timm b, §5, £5 or $5"),
        ("{A `single' and ``double'' quote's}", "A ‘single’ and “double” quote's"),
    ],
)
def test_what_fields_are_put_together_of(written: str, shown: str) -> None:
    strings = '@STRING(venue = "Proc. of X")\n@string{longer = Venue # { Workshop}}\n'
    found = reference(f"{strings}@misc{{a, title={{T}}, month=jan # {{~5}}, journal={written}}}")
    assert f'<span class="reference-venue">{shown}</span>' in found


def test_a_word_that_nothing_defines_is_told() -> None:
    document = render("<d-cite key='a'></d-cite>", "\n@misc{a, title={T}, journal=pami}")
    (only,) = document.references
    assert "pami" in only.html
    (warning,) = document.warnings
    assert "works.bib, line 2: pami in journal of 'a' is no @string" in warning.message
    lacking = render("<d-cite key='a'></d-cite>", "@misc{a, title={T} year=2000}")
    assert "{T} year=2000 in title of 'a'" in lacking.warnings[0].message


def test_a_full_stop_is_not_doubled() -> None:
    shown = reference("@misc{a, title={Why?}, author={{Acme, Inc.}}, year={2001}}")
    assert re.sub("<[^>]+>", "", shown) == "Why? Acme, Inc. 2001"


def test_a_part_takes_from_its_whole_what_it_lacks() -> None:
    document = render(
        "<d-cite key='a'></d-cite>",
        "@inproceedings{a, title={A}, author={C D}, crossref={P}}\n"
        "@proceedings{p, title={Proceedings of X}, editor={E F}, year=2019, url={https://p.org}}",
    )
    (only,) = document.references
    assert "Proceedings of X, 2019" in only.html
    assert "E F" not in only.html
    assert "p.org" not in only.html


def test_formulas_in_a_title_are_drawn() -> None:
    shown = reference("@misc{a, title={F on $10^{-3}$ lux, 5\\% of \\$3}}")
    assert "<msup><mn>10</mn>" in shown
    assert "5% of $3" in shown
    assert "<msup><mi>x</mi>" in reference(r"@misc{a, title={In \(x^2\) steps}}")


def test_names_of_biblatex() -> None:
    shown = reference("@article{a, title={T}, journaltitle={J of T}, date={2011-02-03}}")
    assert '<span class="reference-venue">J of T, 2011</span>' in shown
    for date, year in (
        ("May 2011", "2011"),
        ("-0044", "-0044"),
        ("/2011", "2011"),
        ("n.d.", "n.d."),
    ):
        shown = reference(f"@misc{{a, title={{T}}, date={{{date}}}}}")
        assert f'<span class="reference-venue">{year}</span>' in shown


def test_where_a_web_page_was_published_is_its_link() -> None:
    published = r"howpublished={Available at \url{https://x.org/~m/c_1.html}}"
    shown = reference(f"@misc{{a, title={{T}}, {published}, year=2004}}")
    assert '<span class="reference-venue">2004</span>' in shown
    assert shown.count("x.org/~m/c_1.html") == 2
    report = reference(r"@misc{a, title={T}, howpublished={Technical report, \url{https://x.org}}}")
    assert '<span class="reference-venue">Technical report</span>' in report


def test_the_case(shared_cases: Path) -> None:
    folder = shared_cases
    document = parse_article((folder / "corporate.md").read_text(), folder=folder)
    assert document.warnings == ()
    shown = " ".join(each.html for each in document.references)
    for expected in (
        ">Acme Imaging, Inc.<", ">Hans Meyer and Air and Ground Imaging Team<",
        ">Example Team, Example Lab<", 'href="https://people.example.org/~meyer/cam_1.html"',
        'href="https://example.org/q?a=1&amp;b=2#c"',
    ):  # fmt: skip
        assert expected in shown


def test_many_authors_are_cut_short() -> None:
    names = " and ".join(f"A{number} B{number}" for number in range(12))
    shown = reference(f"@misc{{a, title={{T}}, author={{{names}}}}}")
    assert "A7 B7, et al" in shown
    assert "A8 B8" not in shown
    assert "A B, et al" in reference("@misc{a, title={T}, author={A B and others}}")


@pytest.mark.parametrize(
    ("field", "address"),
    [
        ("url={https://x.org/a_b?c=d%20e}", "https://x.org/a_b?c=d%20e"),
        (r"url={https://x.org/a\_b}", "https://x.org/a_b"),
        (r"url={https://x.org/q?a=1\&b=2\#c}", "https://x.org/q?a=1&amp;b=2#c"),
        (r"url={\url{https://x.org/~m}}", "https://x.org/~m"),
        (r"url={https://x.org/\~{}m/{\textasciitilde}n}", "https://x.org/~m/~n"),
        (r"note={\url{https://x.org/a_b}}", "https://x.org/a_b"),
        ("note={see https://x.org for more}", None),
        (r"howpublished={\url{javascript:alert(1)}}", None),
        ("doi={10.1000/xyz_1}", "https://doi.org/10.1000/xyz_1"),
        ("doi={https://doi.org/10.1000/xyz}", "https://doi.org/10.1000/xyz"),
        ("eprint={2101.00001}, archiveprefix={arXiv}", "https://arxiv.org/abs/2101.00001"),
        ("journal={arXiv preprint arXiv:2101.00001}", "https://arxiv.org/abs/2101.00001"),
        ("url={javascript:alert(1)}", None),
        ("url={www.x.org/a}", None),
        ("url={https://x.org/it's}", "https://x.org/it&#x27;s"),
        (r"url={https://x.org/$\sim$m/\%7Ea\-b}", "https://x.org/~m/%7Eab"),
        ("url={https://x.org/a/\n   b}", "https://x.org/a/b"),
        ("url={<https://x.org/a>}", "https://x.org/a"),
        (r"note={\url{https://x.org/{a}}}", "https://x.org/{a}"),
        ("doi={10.1002/(SICI)1/16<61::AID>3}", "https://doi.org/10.1002/(SICI)1/16%3C61::AID%3E3"),
        (r"doi={10.1000/4\#7}", "https://doi.org/10.1000/4%237"),
        ("doi={10.1000/a, 10.1000/b}", "https://doi.org/10.1000/a"),
        ("eprint={cs.CV/0101001}", "https://arxiv.org/abs/cs.CV/0101001"),
        ("eprint={2001.0001}, eprinttype={other}", None),
        ('url={https://x.org/"onclick=alert(1)}', None),
    ],
)
def test_links(field: str, address: str | None) -> None:
    shown = reference(f"@article{{a, title={{T}}, {field}}}")
    if address is None:
        assert "<a" not in shown
        assert not field.startswith("url") or html.escape(field[5:-1]) in shown
    else:
        assert f'<a href="{address}" rel="noreferrer">' in shown


def test_html_in_an_entry_stays_text() -> None:
    shown = reference("@misc{a, title={<script>x</script>}, author={<img src=x>}, year={<b>}}")
    assert "<script>" not in shown
    assert "<img" not in shown
    assert "<b>" not in shown


def test_broken_entries_are_reported_with_their_lines_and_the_rest_is_used(
    capfd: pytest.CaptureFixture[str],
) -> None:
    works = (
        '@misc{a, title={A}}\n\n@misc{x, title = "open\n}\n\n'
        "@misc{b, title={B}}\n@misc{a, title={}}\n"
    )
    document = render("<d-cite key='a,b'></d-cite>", works)
    assert [each.key for each in document.references] == ["a", "b"]
    assert [each.message[:17] for each in document.warnings] == [
        "works.bib, line 3",
        "works.bib, line 7",
    ]
    assert {each.line for each in document.warnings} == {3}
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("works", ["", "no entries", "@", "@misc{", "{}}{", "\ufeff@misc{a,}"])
def test_any_file_is_a_bibliography(works: str) -> None:
    assert render("x", works).references == ()
