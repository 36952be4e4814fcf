// MathJax as a function from LaTeX to MathML, for an engine that has neither a page nor a network.
// Macros, labels and equation numbers carry over from one formula of an article to the next.
(() => {
  const {input: {tex, tex_ts: {TeX}}, core, mathjax, adaptors, handlers} = MathJax._;
  const {CommandMap} = tex.SymbolMap;

  // \ref and \eqref may come before their \label: a mark stands for the number until the end.
  new CommandMap('later', {ref: ['Later', ''], eqref: ['Later', 'eq'], require: 'Nothing'}, {
    Later(parser, name, kind) {
      const label = parser.GetArgument(name);
      const text = parser.create('text', `\ufdd1${kind}:${label}\ufdd1`);
      parser.Push(parser.create('node', 'mtext', [text]));
    },
    Nothing(parser, name) { parser.GetArgument(name); },
  });
  tex.Configuration.Configuration.create('later', {handler: {macro: ['later']}, priority: 1});

  handlers.html_ts.RegisterHTMLHandler(adaptors.liteAdaptor.liteAdaptor());
  const visitor = new core.MmlTree.SerializedMmlVisitor.SerializedMmlVisitor();
  let document;
  let input;

  globalThis.begin = (packages, macros) => {
    input = new TeX({
      packages, macros, tags: 'ams', maxBuffer: 200000, maxMacros: 5000,
      ignoreDuplicateLabels: true,
      formatError: (_, error) => { throw error; },
    });
    document = mathjax.mathjax.document('', {InputJax: input});
  };

  globalThis.convert = (latex, display) => {
    try {
      const options = {display, end: core.MathItem.STATE.CONVERT};
      const mathml = visitor.visitTree(document.convert(latex, options));
      const labels = Object.entries(input.parseOptions.tags.allLabels)
        .map(([label, {tag, id}]) => [label, tag, id]);
      return JSON.stringify({mathml, labels});
    } catch (error) {
      return JSON.stringify({error: String(error.message || error)});
    }
  };
})();
