"""The rule about suppression comments themselves."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.model import ModelGraph
from cnnlint.rule import Category, Finding, Rule, Severity


class UnusedSuppression(Rule):
    """A suppression comment silences nothing.

    What it does
    ------------
    Reports `# cnnlint: ignore[...]`, `ignore-file[...]` and `disable[...]` comments whose rule has nothing to say
    there, comments that name a rule that does not exist, and comments that cannot be understood. `--fix` takes away
    what is not needed of them.

    Why it matters
    --------------
    A comment that outlives its finding hides the next one on that line. A misspelt rule name silences nothing while
    its reader believes that it does.

    Example
    -------

        self.conv = nn.Conv2d(3, 64, 3, bias=False)  # cnnlint: ignore[CNN601]

    Use instead
    -----------

        self.conv = nn.Conv2d(3, 64, 3, bias=False)

    When not to worry
    -----------------
    The finding may depend on an input size that this run did not have. Rules that are not selected are not judged.

    References
    ----------
    Ruff has the same rule for its own comments, RUF100 (unused-noqa).
    """

    code = "CNN000"
    name = "unused-suppression"
    category = Category.HYGIENE
    severity = Severity.ADVICE

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """Nothing: the findings come from the run, which sees comments; a network holds none."""
        yield from ()
