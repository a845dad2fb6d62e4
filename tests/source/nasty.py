"""Texts in which it is hard to say where something stands."""

from __future__ import annotations

from typing import Final

NASTY: Final = {
    "plain": ("import torch\n\n\nclass Net(torch.nn.Module):\n    def f(self, x):\n        return self.a(x) + 1\n"),
    "tabs": ("class A(B):\n\tx = f(1)\n\tdef g(self,\ty):\n\t\treturn\ty.z\n\n\t# tail\n"),
    "tabs and spaces": ("if a:\n\tif b:\n\t    x = f(1)\n\telse:\n\t  y = g(2)\n"),
    "two spaces": ("class A:\n  def f(self):\n    if x:\n      return f(x)\n    elif y: return g(y)\n"),
    "windows": (
        "class A(B):\r\n"
        "    x = f(1,\r\n"
        "          b)\r\n"
        "\r\n"
        "    def g(self):\r\n"
        "        '''a\r\n"
        "b'''\r\n"
        "        return h(2)\r\n"
    ),
    "old mac": ("class A:\r    x = f(1)\r    y = g('''a\rb''', x)\r"),
    "mixed line ends": ("a = f(1)\r\nclass B:\n    c = g(\r\n        h(1),\r        i(2),\n    )\r"),
    "beyond the first plane": ("s = '🧠é' + f('𐍈', n)\nclass Net:\n    größe = g('🧠', h(1)) + '🧠'.x\n"),
    "identifiers that normalise": ("ﬁle = f(ﬁle)\nx.ﬁeld = g(ﬁle.ﬁeld)\n"),
    "line continuations": (
        "x = f(1) + \\\n    g(2) \\\n  + h(3)\nassert x, \\\n  f(x)\nif a and \\\n   b:\n    c = \\\n d(1)\n"
    ),
    "semicolons": ("a = f(1); b = g(2) ;c = h(3);\nclass A: x = f(1); y = g(2)\nif a: b(); c()\nelse: d(); e(1)\n"),
    "one-line definitions": (
        "def f(x): return g(x)\nclass A(B): pass\nasync def h(y): await y.z(1)\nfor i in f(1): g(i)\n"
    ),
    "nested f-strings": (
        "x = f'{f(1)!r:>{g(2)}} {h(f\"{i(3)}\")}' f'{{' + j(4)\ny = f'''{\nk(5)\n}'''\nz = rf'{a.b:%Y-{c(1)}}'\n"
    ),
    "decorators over several lines": (
        "@a.b(\n"
        "    c(1),\n"
        "    d=e,\n"
        ")\n"
        "@f  # note @ this\n"
        "# between\n"
        "@g(h(1))\n"
        "class A(B):\n"
        "    @property\n"
        "    def c(\n"
        "        self,\n"
        "    ): return d(1)\n"
    ),
    "decorator far from its sign": ("@ \\\n  a(1)\ndef f(): pass\n@(\n  # @note\n  b\n  @ c(1)\n)\ndef g(): pass\n"),
    "parentheses": (
        "x = ((f)((1)))\n"
        "y = (a + (b * (c)))[((d))]\n"
        "((z)) = (yield_(1))\n"
        "for (a) in ((b)): (c)\n"
        "return_((x for x in (y)))\n"
    ),
    "comments inside": (
        "x = f(  # one\n    # two\n    1,  # three\n\n    b=g(2)  # four\n    # five\n)  # six\n# seven\n"
    ),
    "comment below the indentation": (
        "class A:\n    x = f(1)\n# low\n    def g(self):\n# lower\n        return h(2)\n  # between\n    y = i(3)\n"
    ),
    "strings over lines": (
        "class A:\n"
        "    '''doc\n"
        "at the margin\n"
        "    '''\n"
        "    x = f('''\n"
        "  a''', b)\n"
        "    y = 'a' \\\n"
        "        'b'\n"
        "    z = ('a'\n"
        "'b' f'{c(1)}')\n"
    ),
    "signatures": (
        "def f(a, /, b: int = g(1), *c: h(2), d=lambda x, *y, z=i(3): j(x), e, **k) -> l[m(4)]: ...\n"
        "def n(*, o): ...\n"
        "def p(q,): ...\n"
    ),
    "operators": (
        "x = -a ** -b(1) if not c(2) else d(3) and e or f <= g(4) not in h is not i\ny = a @ b // c << ~d | e ^ f & g\n"
    ),
    "collections": (
        "x = [*a(1), b], {**c(2), d: e(3)}, {f, *g(4)}, (*h(5),), [], {}, ()\ny = a[1:b(2):c, ..., None, *d]\n"
    ),
    "comprehensions": (
        "x = [f(a) for a in b(1) if c(2) if d for e in g]\ny = {a: b async for a, b in c()} if d else {e for e in f}\n"
    ),
    "statements": (
        "del a[f(1)], b.c\n"
        "assert f(1), g(2)\n"
        "raise E(1) from f(2)\n"
        "global q, r\n"
        "import a.b as c, d\n"
        "from ..e import (f as g, h,)\n"
        "from . import *\n"
    ),
    "compound": (
        "with f(1) as a, (g(2)) as b: pass\n"
        "with (h(1) as a, i(2),): pass\n"
        "try:\n"
        "    f(1)\n"
        "except (A, B(1)) as e:\n"
        "    g(2)\n"
        "except: h(3)\n"
        "else:\n"
        "    i(4)\n"
        "finally:\n"
        "    j(5)\n"
        "while a(1):\n"
        "    b(2); continue\n"
        "else: c(3)\n"
    ),
    "star except": ("try: f(1)\nexcept* A(2) as e: g(3)\n"),
    "match": (
        "match f(1), g(2):\n"
        "    case [A(b, c=d), *e] | {'k': h, **i} if j(3):\n"
        "        k(4)\n"
        "    case -1 | 1.5 | a.b | None | (x as y): l(5)\n"
        "    case _: pass\n"
    ),
    "async": (
        "async def f(a):\n"
        "    async with b(1) as c, d: await e(2)\n"
        "    async for g in h(3):\n"
        "        yield await i(4)\n"
        "    return [j async for j in k(5)]\n"
    ),
    "annotations": ("x: int\ny: a[b(1)] = c(2)\nself.z: d = e(3)\nx += f(4); y @= g(5); z //= h(6)\n"),
    "walrus": ("if (n := f(1)) > 2: g(n)\nwhile chunk := h(2): i(chunk)\nx = [y := j(3), y ** 2]\n"),
    "no line end": ("class A:\n    x = f(1)"),
    "white space at the end": ("x = f(1)   \nclass A:\n    y = g(2)\t\n    \n\t\n"),
    "numbers and strings": "x = 1_000 + 0x_ff - 1e-3j + f(.5) ; y = rb'\\n' b'a' , u'b' , R'''c'''\n",
    "soft keywords": ("match = f(1)\nmatch.case(2)\ntype = match[3]\nprint(match, case := type(_))\n"),
    "lambda": ("f = lambda: (yield_(1))\ng = lambda *a, b=h(2), **c: lambda d: e(3)\n"),
    "star assignment": ("a, *b = f(1)\n*c, = g(2),\nfor d, *e in h(3): i(4)\n[j, (k, *l)] = m(5)\n"),
    "else-if": ("if a(1):\n    b(2)\n# note\nelif c(3): d(4)\nelif e(5):\n    f(6)\nelse:\n    g(7)\nh(8)\n"),
    "deep": (
        "class A:\n"
        "    class B:\n"
        "        def c(self):\n"
        "            def d():\n"
        "                class E(f(1)):\n"
        "                    x = g(2)\n"
        "                return E\n"
        "            return d\n"
    ),
}

# libcst itself drops some form feeds and trips on others.
FORM_FEEDS: Final = {
    "form feeds": (
        "\fa = f(1)\n"
        "\f\n"
        "class B:\n"
        "\f    c = g('\f', 2)  # \f\n"
        "\n"
        "\f    d = h(3)\n"
        "    x =\fa\f+ b(\f1)\n"
        "\f    def e(self):\n"
        "\f\f        return '\\'\f' f'''\f'''\f;\fk(1)\n"
    ),
    "form feed before a block": ("if a:\n    b = f(1)\n\fdef g():\n  \f  return h(1)\n"),
    "form feed at a line's end": ("if a:\f\n    b(1)\f\n\f\n    c(2)\n\f"),
    "form feed between bracket lines": ("x = f(\n\f  a(1),\n  \f\n)\n\fy = b(2)\n"),
}
