"""Python itself: every program leaves in ``answer`` what Python leaves there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from python_oracle import python

Answer = Callable[[str], Any]

EXPRESSIONS = """
1 + 2 * 3 - 4 // 3 % 2 ** 3
-7 // 2, -7 % 2, 7 // -2, divmod(-7, 2), round(2.5), round(3.7), round(2.567, 2), abs(-3)
1 / 4, 3 * 0.5, int(3.9), int("12"), float("1.5"), int("ff", 16), bool([]), bool("x")
1 << 4 | 3 & 6 ^ 1, ~5, 8 >> 1
True and 0 or "x", not None, None is None, 3 is not None
1 < 2 < 3, 1 < 3 < 2, 1 == 1.0, "a" != "b", 2 in (1, 2), 3 not in [1, 2]
5 if 3 > 2 else 6
[1, 2] + [3], [0] * 3, (1,) * 2 + (2,), "ab" * 2
[*range(3), *(7, 8)], {**{"a": 1}, "b": 2}, {*[1, 1]}, (*"ab", "c")
list(range(5))[1:], list(range(9))[::-2], "hello"[1:-1], (1, 2, 3)[-1], [[1, 2], [3]][0][1]
[i * i for i in range(5) if i % 2], {k: v for k, v in zip("ab", (1, 2))}, {i % 3 for i in range(9)}
[(i, j) for i in range(3) for j in range(i)], sum(x for x in [1, 2, 3])
[[i + j for j in range(2)] for i in range(2)]
dict(a=1, b=2), dict([("a", 1)]), dict(zip("ab", "cd")), list({"a": 1}), {"a": 1} | {"b": 2}
{"a": 1}.get("b", 5), {"a": 1}.get("a"), {"a": 1, "b": 2}.pop("a"), list({"a": 1}.items()), {"x": 1}.setdefault("x", 3)
list(map(lambda x: x + 1, [1, 2])), list(filter(None, [0, 1, 2])), list(zip([1, 2], "ab")), list(enumerate("ab", 1))
sorted([3, 1, 2]), sorted("bca", reverse=True), sorted([(2, "a"), (1, "b")], key=lambda p: p[1]), list(reversed([1, 2]))
max(1, 5, 3), min([4, 2]), max("ab", key=lambda c: -ord(c)), min([], default=7), sum([1, 2], 10), any([0, 1]), all([])
len("abc"), len({1, 2}), len({"a": 1}), len(range(10, 0, -3)), next(iter([4])), next(iter([]), 9)
isinstance(3, int), isinstance("a", (int, str)), isinstance(True, int), type(3) is int, callable(len), issubclass(bool, int)
"a,b".split(","), "-".join(["a", "b"]), " x ".strip(), "Ab".lower(), "ab".upper(), "abc".startswith("ab"), "a1".isdigit()
"layer{}".format(3), "{:>4}|{:.2f}".format(1, 2.5), "%s-%d" % ("a", 3), "abc".replace("b", "x"), "a.b.c".rpartition(".")
f"{3}_{'x'!r}", f"{3.14159:.2f}", f"{7:03d}", f"{'a':>3}", f"{1 + 1}{{}}"
str.removeprefix("ab", "a"), list(map(str.upper, "ab")), dict.get({"a": 1}, "a"), list.count([1, 1], 1)
str(3), str([1, "a"]), repr("a"), chr(97), ord("a"), hex(255), bin(5)
(lambda a, b=2, *c, d=4, **e: (a, b, c, d, e))(1, 2, 3, d=5, z=6)
(lambda: 5)(), (lambda *a: sum(a))(1, 2, 3), (lambda x: lambda y: x + y)(1)(2)
(y := 5) + y
[last := 0, [last := last + i for i in range(4)], last]
all(x > 0 for x in (1, 2)), any(x > 3 for x in (1, 2))
tuple([1, 2]), set([1]), frozenset([1]) | {2}, list("ab"), list((1, 2))
pow(2, 5), 2 ** -1, 1e3, 0x1F, 1_000
{1: "a"}[1], {(1, 2): 3}[1, 2], [1, 2, 3].index(2), [1, 1].count(1), (1, 2).index(2)
[1, 2] == [1, 2], (1, 2) < (1, 3), "a" < "b", [1] != (1,), {1, 2} <= {1, 2, 3}, {1, 2} & {2}, {1, 2} - {2}, {1} ^ {2}
slice(1, 5, 2).stop, list(range(10))[slice(1, 5, 2)], range(5)[2], range(0, 10, 3)[-1], 3 in range(5)
hasattr([], "append"), getattr("x", "nothing", 3), "a" in {"a": 1}, None or "b"
print("hello"), id is not None
math.ceil(7 / 2), math.floor(-0.5), math.sqrt(16), math.log2(8), math.prod([2, 3]), math.gcd(12, 8), math.pi > 3, math.inf
int(math.log(100, 10)), math.pow(2, 3), math.isclose(0.1 + 0.2, 0.3), math.trunc(2.7), math.exp(0), math.log2(224 / 7)
list(itertools.chain([1], [2, 3])), list(itertools.chain.from_iterable([[1], [2]])), list(itertools.product("ab", [1, 2]))
list(itertools.accumulate([1, 2, 3])), list(itertools.repeat(1, 3)), list(itertools.islice(itertools.count(), 3))
list(itertools.combinations("abc", 2)), list(itertools.zip_longest([1, 2], [3])), list(itertools.pairwise([1, 2, 3]))
functools.reduce(lambda a, b: a * b, [1, 2, 3, 4]), functools.partial(max, 3)(2, 5), functools.partial(dict, a=1)(b=2)
functools.partial(functools.partial(lambda *a: a, 1), 2)(3), functools.partial(int, base=2)("101")
collections.OrderedDict([("a", 1)])["a"], list(collections.OrderedDict(a=1, b=2)), collections.defaultdict(list)["x"]
collections.namedtuple("P", "x y")(1, y=2).y, collections.namedtuple("P", ["x", "y"])(1, 2)[0], collections.Counter("aab")["a"]
collections.namedtuple("P", "x y")(1, 2)._replace(x=5).x, collections.namedtuple("P", "x y")(1, 2)._asdict()["y"]
copy.copy([1, 2]), copy.deepcopy({"a": [1]})["a"], operator.add(1, 2), operator.mul(3, 4), operator.itemgetter(1)([5, 6])
typing.cast(int, 3), bool(typing.TYPE_CHECKING), list(collections.deque([1, 2, 3]))
"""

PROGRAMS = {
    "loops": """
        def f():
            out = []
            for i in range(10):
                if i == 2: continue
                if i == 6: break
                out.append(i)
            else:
                out.append("never")
            while len(out) < 9:
                out.append(-1)
            else:
                out.append("else")
            return out
        answer = f()
        """,
    "unpacking": """
        def f():
            a, (b, *c), d = 1, (2, 3, 4), 5
            [x, y] = "xy"
            a, d = d, a
            for i, (p, q) in enumerate([(1, 2), (3, 4)]):
                b += i * p * q
            return a, b, c, d, x, y
        answer = f()
        """,
    "augmented assignment": """
        def f():
            a = 1; a += 2; a *= 3; a -= 1; a //= 2; a **= 2; a %= 10; a <<= 1; a |= 1
            items = [1]; alias = items; items += [2]
            text = "a"; text += "b"
            d = {"x": 1}; d["x"] += 5
            return a, alias, text, d
        answer = f()
        """,
    "arguments": """
        def f(a, /, b, *args, c=3, **kwargs):
            return a, b, args, c, kwargs
        def g(*args, **kwargs):
            return f(*args, **kwargs)
        answer = [g(1, 2), g(1, 2, 3, 4, c=5, d=6), g(*[1, 2], **{"z": 0}), f(1, b=2)]
        """,
    "defaults are made once": """
        def f(x, seen=[]):
            seen.append(x)
            return list(seen)
        answer = [f(1), f(2), f(3, [])]
        """,
    "closures": """
        def counter(start):
            n = start
            def bump(by=1):
                nonlocal n
                n += by
                return n
            return bump
        c, d = counter(0), counter(10)
        answer = [c(), c(5), d(), c()]
        """,
    "late binding": "answer = [f() for f in [lambda: i for i in range(3)]]\n",
    "bound by default": "answer = [f() for f in [lambda i=i: i for i in range(3)]]\n",
    "global": """
        total = 1
        def add(x):
            global total
            total += x
        def run():
            add(2); add(3)
            return total
        answer = run()
        """,
    "recursion": """
        def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
        answer = [fib(i) for i in range(10)]
        """,
    "decorators": """
        import functools
        def twice(f):
            @functools.wraps(f)
            def inner(*a, **k): return 2 * f(*a, **k)
            return inner
        def times(n):
            return lambda f: lambda *a: n * f(*a)
        @twice
        @times(5)
        def one(): return 1
        class Registry(dict):
            def register(self, f): self[f.__name__] = f; return f
        models = Registry()
        def fill():
            @models.register
            def net(): return 7
            return models["net"](), sorted(models)
        answer = one(), fill()
        """,
    "a decorator that is a class": """
        class Count:
            def __init__(self, f): self.f, self.n = f, 0
            def __call__(self, *a):
                self.n += 1
                return self.f(*a) + self.n
        @Count
        def f(x): return x
        answer = f(10), f(10)
        """,
    "generators": """
        def numbers(n):
            for i in range(n):
                got = yield i
            return "end"
        def all_of(n):
            yield from numbers(n)
            yield -1
        g = all_of(2)
        answer = list(all_of(3)), next(g), next(g), list(g)
        """,
    "exceptions": """
        def f(x):
            out = []
            try:
                out.append([1, 2][x])
            except IndexError as error:
                out.append("index")
            except (KeyError, TypeError):
                out.append("other")
            else:
                out.append("fine")
            finally:
                out.append("end")
            return out
        def g():
            try:
                raise ValueError("no")
            except ValueError as error:
                return "no"
        def h():
            try:
                return "try"
            finally:
                pass
        answer = f(0), f(5), f("a"), g(), h()
        """,
    "own exceptions": """
        class Bad(ValueError):
            pass
        def f(kind):
            try:
                raise kind("x")
            except Bad: return "bad"
            except Exception: return "other"
        answer = f(Bad), f(KeyError), f(ValueError)
        """,
    "assertions": """
        def f(x):
            try:
                assert x > 0, "positive"
            except AssertionError:
                return "raised"
            return "fine"
        answer = f(1), f(-1)
        """,
    "with": """
        from contextlib import contextmanager, nullcontext
        log = []
        class Guard:
            def __enter__(self): log.append("in"); return self
            def __exit__(self, *exc): log.append("out"); return True
        @contextmanager
        def managed():
            log.append("a")
            yield 5
        def f():
            with Guard() as g, nullcontext():
                raise ValueError
            with managed():
                log.append(5)
            return log
        answer = f()
        """,
    "match": """
        from dataclasses import dataclass
        @dataclass
        class P: x: int; y: int
        def f(v):
            match v:
                case 0 | 1: return "small"
                case int(n) if n > 100: return "big"
                case str() as s: return s
                case [a, b]: return a + b
                case [first, *rest]: return rest
                case {"k": k, **more}: return k, more
                case P(x=0, y=y): return y
                case P(): return "point"
                case None: return "none"
                case _: return "any"
        answer = [f(v) for v in (1, 500, "s", [1, 2], [1, 2, 3], {"k": 1, "z": 2}, P(0, 9), P(1, 1), None, 50)]
        """,
    "classes": """
        class A:
            kind = "a"
            def __init__(self, n=1): self.n = n
            def get(self): return self.n, self.kind
            @classmethod
            def make(cls, n): return cls(n + 1)
            @staticmethod
            def add(a, b): return a + b
            @property
            def double(self): return 2 * self.n
            @double.setter
            def double(self, v): self.n = v // 2
        class B(A):
            kind = "b"
            def get(self): return ("B", *super().get())
        def made():
            b = B.make(4)
            b.double = 30
            return b
        b = made()
        answer = A().get(), b.get(), B.add(1, 2), b.double, A.kind, b.__class__.__name__, type(b) is B, isinstance(b, A)
        """,
    "several bases": """
        class Base:
            def go(self): return ["Base"]
        class Left(Base):
            def go(self): return ["Left", *super().go()]
        class Right(Base):
            def go(self): return ["Right", *super().go()]
        class Both(Left, Right):
            def go(self): return ["Both", *super().go()]
        answer = Both().go(), Both.__mro__[1].__name__
        """,
    "special methods": """
        class V:
            def __init__(self, *v): self.v = list(v)
            def __add__(self, o): return V(*(a + b for a, b in zip(self.v, o.v)))
            def __radd__(self, o): return self if o == 0 else NotImplemented
            def __len__(self): return len(self.v)
            def __getitem__(self, i): return self.v[i]
            def __setitem__(self, i, x): self.v[i] = x
            def __iter__(self): return iter(self.v)
            def __contains__(self, x): return x in self.v
            def __eq__(self, o): return self.v == o.v
            def __call__(self, k): return [k * x for x in self.v]
            def __bool__(self): return len(self.v) > 0
            def __repr__(self): return f"V{self.v}"
        def made():
            a = V(1, 2) + V(3, 4)
            a[0] = 9
            return a
        a = made()
        answer = list(a), len(a), a[1], 6 in a, a == V(9, 6), a(2), bool(V()), list(sum([V(1), V(2)]))
        """,
    "missing attributes": """
        class A:
            def __init__(self): self.x = 1
            def __getattr__(self, name): return name + "?"
        a = A()
        setattr(a, "y", 2)
        del a.x
        answer = a.y, a.x, a.z, getattr(a, "w"), hasattr(a, "q"), sorted(vars(a))
        """,
    "class bodies": """
        class A:
            sizes = [1, 2, 3]
            total = sum(sizes)
            table = {n: n * n for n in (1, 2)}
            if total > 5:
                big = True
            def f(self): return self.total
            g = f
        answer = A.total, A.table, A.big, A().g()
        """,
    "nested functions and classes": """
        def make(n):
            class Inner:
                size = n
                def get(self): return n + self.size
            return Inner
        answer = make(3)().get(), make(4).size
        """,
    "dataclasses": """
        from dataclasses import dataclass, field, replace, asdict
        @dataclass
        class Base:
            a: int
            b: int = 2
        @dataclass
        class C(Base):
            c: list = field(default_factory=list)
            d: int = field(default=7)
            e: int = field(init=False, default=0)
            def total(self): return self.a + self.b + self.d
        @dataclass
        class D:
            x: int
            def __post_init__(self): self.y = self.x * 2
        c = C(1, c=[5])
        answer = c.total(), replace(c, a=10).total(), asdict(Base(1)), D(4).y, c.c, C(1).c, Base(1) == Base(1, 2)
        """,
    "enums": """
        from enum import Enum, IntEnum, auto
        class Mode(Enum):
            A = "a"
            B = "b"
            @property
            def loud(self): return self.value.upper()
        class N(IntEnum):
            ONE = 1
            TWO = auto()
        answer = Mode.A.value, Mode["B"].name, Mode("a") is Mode.A, [m.value for m in Mode], N.TWO + 1, Mode.B.loud, Mode.A == Mode.B
        """,
    "named tuples": """
        from typing import NamedTuple
        class Stage(NamedTuple):
            width: int
            depth: int = 2
            def size(self): return self.width * self.depth
        s = Stage(8)
        w, d = s
        answer = s.size(), w, d, s[0], s._replace(depth=5).size(), len(s), s == (8, 2)
        """,
    "conditional names": """
        import sys
        if sys.version_info >= (3, 8):
            kind = "new"
        else:
            kind = "old"
        answer = kind
        """,
    "sharing": """
        def f():
            a = [[0] * 2] * 2
            a[0][0] = 1
            b = [list(r) for r in a]
            b[1][1] = 5
            c = d = []
            c.append(1)
            e = a[:]
            e.append(3)
            return a, b, d, len(e)
        answer = f()
        """,
    "list methods": """
        def f():
            a = [3, 1]
            a.append(2); a.extend([5, 4]); a.insert(0, 9); a.remove(1); last = a.pop(); first = a.pop(0)
            a.sort(); a.reverse()
            b = a.copy(); b.clear(); a[0:1] = [7, 8]; del a[-1]
            return a, b, last, first
        answer = f()
        """,
    "dict methods": """
        def f():
            d = {"a": 1}
            d.update(b=2); d.update({"c": 3}); d["d"] = 4
            del d["a"]
            keys = list(d.keys()); d.pop("b"); n = d.pop("nothing", None)
            e = dict(d, z=1); f = {**d}; f.clear()
            return d, keys, n, e, list(reversed(d)), d.copy() == d, sum(d.values())
        answer = f()
        """,
    "channels divisible by eight": """
        def _make_divisible(v, divisor=8, min_value=None):
            if min_value is None:
                min_value = divisor
            new_v = max(min_value, int(v + divisor / 2) // divisor * divisor)
            if new_v < 0.9 * v:
                new_v += divisor
            return new_v
        answer = [_make_divisible(c * w) for c in (16, 24, 32, 96) for w in (0.35, 0.5, 1.0, 1.4)]
        """,
    "annotations do nothing": """
        from __future__ import annotations
        from typing import Optional, List, Union
        x: Optional[Undefined] = None
        def f(a: List["Nothing"], b: int | None = None) -> Union[Some, Thing]:
            y: int
            z: int = 3
            return z
        answer = f([]), x
        """,
    "chained comparison of names": "a = b = 3\nanswer = a == b == 3, a <= 3 < 4, not a < b\n",
    "conditional expression chains": "answer = ['a' if i < 1 else 'b' if i < 2 else 'c' for i in range(3)]\n",
    "star in index": "d = {(1, 2): 'x'}\nt = (1, 2)\nanswer = d[t], d[1, 2], d[(*t,)]\n",
    "deleting": """
        def f():
            x = 1
            del x
            try:
                return x
            except NameError:
                return "gone"
        answer = f()
        """,
    "async is a function": "async def f(): return 1\nanswer = callable(f)\n",
    "abstract": """
        from abc import ABC, abstractmethod
        class Base(ABC):
            @abstractmethod
            def f(self): ...
            def g(self): return self.f()
        class A(Base):
            def f(self): return 4
        answer = A().g()
        """,
    "cached": """
        from functools import lru_cache, cache, cached_property
        calls = []
        @lru_cache(maxsize=None)
        def f(x):
            return x * 2
        class A:
            @cached_property
            def p(self): return 6
        answer = f(3), f(3), A().p
        """,
    "single dispatch by table": """
        def conv(n): return n * 2
        table = {"conv": conv, "id": lambda n: n, "none": None}
        answer = [table[k](5) for k in ("conv", "id")], [k for k, v in table.items() if v]
        """,
    "string building": """
        parts = []
        for_each = [("conv", 3), ("pool", 2)]
        answer = ["%s%d" % p for p in for_each], ", ".join(f"{n}={k!r}" for n, k in for_each), "x".join(map(str, (1, 2)))
        """,
}

_HEAD = "import collections, copy, functools, itertools, math, operator, os, string, typing\n"


@pytest.mark.parametrize("expression", EXPRESSIONS.strip().splitlines())
def test_expressions(answer: Answer, expression: str) -> None:
    source = f"{_HEAD}answer = [{expression}]\n"
    assert repr(answer(source)) == repr(python(source))


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs(answer: Answer, name: str) -> None:
    assert repr(answer(PROGRAMS[name])) == repr(python(PROGRAMS[name]))
