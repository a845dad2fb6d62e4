"""CNN113 failing-program."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.queries.places import refusal
from cnnlint.graph.script import ScriptView
from cnnlint.graph.wording import plain
from cnnlint.rule import Category, Example, Finding, Rule, Severity

_PROGRAM = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.fc = nn.Linear(8, 10)

    def forward(self, x):
        return self.fc(self.conv(x).mean((2, 3)))


model = Net()
scores = model(torch.randn(4, 3, 32, 32))
loss = {loss}
{last}
"""


def _program(loss: str, last: str = "loss.backward()") -> str:
    return _PROGRAM.format(loss=loss, last=last)


class FailingProgram(Rule):
    """Running the file raises: a loss, a model's call or plain Python outside the networks cannot succeed.

    What it does
    ------------
    Follows the file as `python file.py` runs it: its statements in order, the functions they call, the models on what
    they are called with, losses on what the models return, and reports the first place that certainly raises. What
    rules about networks report already, at the same line, is not repeated.

    Why it matters
    --------------
    The program stops there. Most often a target does not have the shape or type that the loss expects, a batch does
    not fit the model, a tuple is taken for a tensor, or a name is misspelt.

    Example
    -------

        scores = model(torch.randn(4, 3, 32, 32))
        loss = F.cross_entropy(scores, torch.rand(4))  # class numbers are integers

    Use instead
    -----------

        loss = F.cross_entropy(scores, torch.randint(10, (4,)))

    When not to worry
    -----------------
    Only what raises for every value that is not known is reported, and nothing behind data that is read from files.
    Arguments of the command line have their defaults.

    References
    ----------
    torch.nn and torch.nn.functional: the documentation of the layer or function that the message names.
    """

    code = "CNN113"
    name = "failing-program"
    category = Category.SHAPE
    severity = Severity.ERROR
    raises = False  # as a model, that is: its file does

    bad = (
        Example(
            _program("nn.functional.cross_entropy(scores, torch.rand(4))"),
            ((13, "cross_entropy needs class numbers of type int64 as target, gets float32"),),
            why="a target of the wrong type",
        ),
        Example(
            _program("nn.BCEWithLogitsLoss()(scores, torch.ones(4))"),
            ((13, "BCEWithLogitsLoss needs a target of the input's shape (4, 10), gets (4,)"),),
            why="a target of the wrong shape",
        ),
        Example(
            _program("scores.sum()", "print(loss.items())"),
            ((14, "raises AttributeError: 'Tensor' object has no attribute 'items'"),),
            why="a name that tensors do not have",
        ),
    )
    good = (
        Example(_program("nn.functional.cross_entropy(scores, torch.randint(10, (4,)))"), why="class numbers"),
        Example(_program("nn.functional.cross_entropy(scores, torch.rand(4, 10))"), why="a probability for each class"),
        Example(
            _program("torch.zeros(())", "try:\n    torch.ones(2) + torch.ones(3)\nexcept RuntimeError:\n    pass"),
            why="an error that is caught",
        ),
    )

    def check_script(self, script: ScriptView) -> Iterator[Finding]:
        """Where the program raises."""
        for failure in script.failures:
            problem = failure.problem
            data = {"expected": plain(problem.expected), "got": plain(problem.got)}
            yield self.finding(failure.span, refusal(failure), data=data)
