"""Pieces of text that mean something to Markdown, HTML, Liquid or LaTeX, for random articles."""

PIECES = [
    *("*", "**", "_", "`", "```", "~~~", "~", "#", "## ", "-", "- ", "- [ ] ", "1.", "1) ", "+"),
    *("|", "> ", "=", "===", "---", "[", "]", "(", ")", "!", "[^1]", "[^1]:", "\\", "\\\\"),
    *("\n", "\n\n", " ", "  ", "    ", "\t", "a", "b1", "é", "😀", "\u2028", "\u00a0", ":", "%"),
    *("<", ">", "&", "&amp;", "&#65;", '"', "'", "^", "]]>", "://", "http://a.b", "---\n"),
    *("<script>", "</script>", "<style>", "</style>", "<!--", "-->", "<?", "?>", "<![CDATA["),
    *("<div>", "</div>", '<div markdown="1">', "<p>", "<table>", "<td>", "<svg>", "<pre>"),
    *("<img src=x>", '<iframe src="a">', "<IFRAME>", "<h1>", "</h1>", "{: .a}", "{: #b c=d }"),
    *("{{", "}}", "{%", "%}", "{{ x }}", "{{ '/a' | relative_url }}", "{% raw %}"),
    *("{% endraw %}", "{% details a %}", "{% enddetails %}", "{% highlight python %}"),
    *("{% endhighlight %}", "{% comment %}", '{% include figure.liquid path="a" caption="*x*" %}'),
    *("$", "$$", "\\(", "\\)", "\\[", "\\]", "\\begin{x}", "\\text{<b>}", "^{", "\\frac"),
    *('<d-cite key="a">', "</d-cite>", "<d-footnote>", "</d-footnote>", "<d-math block>"),
    *("</d-math>", '<d-details summary="x">', "</d-details>", "<d-code block>", "</d-code>"),
    *('<d-figure src="f">', "</d-figure>", '<d-image src="f">', "</d-image>", "<d-appendix>"),
]
