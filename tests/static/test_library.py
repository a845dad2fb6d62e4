"""The standard library as models use it: every program leaves in ``answer`` what Python leaves there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from python_oracle import python

from cnnlint.static.values import Unknown

Answer = Callable[[str], Any]

PROGRAMS = {
    "numpy for widths": """
        import numpy as np
        def regnet(slope, first, factor, depth, divisor=8):
            widths = np.arange(depth) * slope + first
            steps = np.round(np.log(widths / first) / np.log(factor))
            widths = first * np.power(factor, steps)
            widths = (np.round(np.divide(widths, divisor)) * divisor).astype(int)
            kinds, counts = np.unique(widths, return_counts=True)
            return [int(w) for w in widths.tolist()], [int(min(200, k)) for k in kinds], [[int(k)] * n for k, n in zip(kinds, counts)]
        def plain():
            depths = [2, 3, 4]
            ends = np.cumsum(depths)
            rates = np.linspace(0, 0.3, sum(depths))
            return (
                [int(e) for e in ends], round(float(rates[-1]), 6), rates.shape, int(np.prod((3, 4))), int(np.max(ends)),
                np.array([[1, 2], [3, 4]]).shape, np.concatenate([ends, ends]).shape, int(np.sqrt(16)), int(np.sum(ends)),
            )
        answer = regnet(36.44, 24, 2.49, 13), plain()
        """,
    "locals": """
        class Base:
            def __init__(self, *, a_width=1, a_depth=2, b_width=3):
                super().__init__()
                given = dict(locals())
                del given["self"], given["__class__"]
                self.a = {key[2:]: value for key, value in given.items() if key.startswith("a_")}
            def plain(self, x):
                return sorted(locals()), sorted(vars())
        answer = Base(a_depth=5).a, Base().plain(1), Ellipsis is ...
        """,
    "deque": """
        from collections import deque
        def f():
            d = deque([1, 2], maxlen=4)
            d.append(3); d.appendleft(0); d.extend([4, 5]); d.extendleft("ab")
            d.rotate(1)
            left, right = d.popleft(), d.pop()
            return list(d), left, right, len(d), d.maxlen, isinstance(d, deque), isinstance(d, list), 3 in d, d[0]
        answer = f()
        """,
    "deque of a generator": """
        from collections import deque
        answer = [x for x in deque(i * i for i in range(4))], bool(deque()), deque([1]) == deque([1])
        """,
    "deque as a default factory": """
        from collections import defaultdict, deque
        from dataclasses import dataclass, field
        from typing import Deque, Dict
        @dataclass
        class Tags:
            names: Deque[str] = field(default_factory=deque)
            values: Dict[str, int] = field(default_factory=dict)
            @property
            def first(self):
                return self.values[self.names[0]]
        def group(pairs):
            out = defaultdict(Tags)
            for key, value in pairs.items():
                name, tag = key.split(".")
                if tag.endswith("*"):
                    out[name].names.appendleft(tag.strip("*"))
                else:
                    out[name].names.append(tag)
                out[name].values[tag.strip("*")] = value
            return out
        tags = group({"a.x": 1, "a.y*": 2, "b.z": 3})
        answer = {name: (list(t.names), t.first) for name, t in tags.items()}
        """,
    "abstract base classes by inheritance": """
        from collections.abc import Mapping, MutableMapping, Sequence
        from dataclasses import dataclass
        from numbers import Number
        import torch.nn as nn
        @dataclass
        class Block:
            depth: int = 2
        class Named(dict):
            pass
        def kinds(x):
            return [isinstance(x, kind) for kind in (Sequence, Mapping, MutableMapping, Number)]
        answer = [kinds(x) for x in (Block(), Named(), [1], (1,), "a", {}, 2, 2.5, None, nn.ReLU(), nn.ModuleList())]
        """,
    "abstract base classes by methods": """
        from collections.abc import Callable, Collection, Container, Iterable, Iterator, Sized
        import torch.nn as nn
        class Empty:
            pass
        class Walk:
            def __iter__(self): return iter([1])
        class Full(Walk):
            def __len__(self): return 1
            def __contains__(self, x): return x == 1
            def __call__(self): return 1
        def kinds(x):
            return [isinstance(x, kind) for kind in (Callable, Collection, Container, Iterable, Iterator, Sized)]
        answer = [kinds(x) for x in (Empty(), Walk(), Full())]
        layers = nn.ReLU(), nn.ModuleList(), nn.Sequential(), nn.ModuleDict()
        answer.append([(isinstance(x, Callable), isinstance(x, Iterable), isinstance(x, Sized)) for x in layers])
        """,
    "partial of a partial": """
        from functools import partial
        first = partial(dict, a=1)
        second = partial(first, b=2)
        def add(*args): return sum(args)
        third = partial(partial(partial(add, 1), 2), 3)
        answer = second.func is dict, second.keywords, second(a=5), third.args, third()
        """,
    "numbers of ways": "from math import comb, factorial, perm\nanswer = comb(5, 2), perm(5, 2), factorial(6), comb(2, 5)\n",
    "regular expressions": """
        import re
        def parse(text):
            options = {}
            kind, *parts = text.split("_")
            for part in parts:
                key, value = re.split(r"(\\d.*)", part)[:2]
                options[key] = float(value) if "." in value else int(value)
            return kind, options
        pattern = re.compile(r"^(layer)(\\d+)\\.(?P<rest>.*)$", re.IGNORECASE)
        found = pattern.match("Layer3.conv1.weight")
        answer = [
            parse("ir_r2_k3_e1.5"), found.groups(), found["rest"] if hasattr(found, "nothing") else found.group("rest"),
            found.start(2), bool(pattern.search("stem.conv")), re.sub(r"\\.", "_", "a.b.c"), re.findall(r"\\d+", "1a22"),
            [m.group() for m in re.finditer("[ab]", "cab")], re.fullmatch("a+", "aab"), re.escape("a.b"), pattern.pattern,
        ]
        """,
    "a tuple among keys": """
        seen = {(0, 1): "a", (1, (2, None)): "b"}
        answer = (0, 1) in seen, (1, 0) in seen, (1, (2, None)) in seen, (True, 1) in {(1, 1)}, 1.0 in {1}
        """,
    "a copied method is the copy's": """
        import copy
        class Box:
            def __init__(self, x):
                self.x = x
                self.run = self.first
            def first(self): return self.x
        one = Box(1)
        two = copy.deepcopy(one)
        two.x = 2
        answer = one.run(), two.run()
        """,
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs(answer: Answer, name: str) -> None:
    assert repr(answer(PROGRAMS[name])) == repr(python(PROGRAMS[name]))


@pytest.mark.parametrize("call", ["match('(a+)+$', 'a' * 40 + 'b')", "findall('a*a*a*a*', 'a' * 90)"])
def test_expressions_that_may_take_long_are_not_evaluated(answer: Answer, call: str) -> None:
    assert isinstance(answer(f"import re\nanswer = re.{call}\n"), Unknown)
