"""A strict tester of rules, for the built-in ones and for those of plugins.

    from cnnlint.testing import problems_of

    @pytest.mark.parametrize("rule", [EvenKernel])
    def test_rule(rule):
        assert problems_of(rule) == []

A rule passes if it is documented under all headings and names its sources, if every number in its docstring is
recomputed (see :mod:`cnnlint.testing.numbers`), if it has at least two bad and two good examples, finds in each exactly
what the example expects, line by line and word by word, and if each of its fixes changes the code, leaves it valid and
silences the finding. With a :class:`~cnnlint.trace.Tracer` torch is asked too: what the rule reports as an error raises
at that place, what it passes runs.
"""

from cnnlint.testing.rules import MIN_EXAMPLES, problems_of

__all__ = ["MIN_EXAMPLES", "problems_of"]
