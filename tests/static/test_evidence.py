"""Which input a model is read on: option, comment, example call, sizes solved backwards, the first layer."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cnnlint.graph.dims import show
from cnnlint.graph.model import ModelGraph

ReadFile = Callable[..., tuple[ModelGraph, ...]]
ReadNet = Callable[..., ModelGraph]

NET = """\
import torch
from torch import nn

{above}class Net(nn.Module):{on}
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 5)
        self.pool = nn.MaxPool2d(4)
        {head}

    def forward(self, x):
        x = self.pool(self.conv(x))
        return {returns}
"""
HEAD, RETURNS = "self.fc = nn.Linear(16 * 7 * 7, 10)", "self.fc(x.flatten(1))"
VIEWED = "self.fc(x.view(-1, 16 * 7 * 7))"


def source(above: str = "", on: str = "", below: str = "", head: str = "pass", returns: str = "x") -> str:
    return NET.format(above=above, on=on, head=head, returns=returns) + below


NOTE = "# cnnlint: input=3x40x48\n"
EXAMPLE = "\nif __name__ == '__main__':\n    net = Net()\n    print(net(torch.randn(2, 3, 64, 64)).shape)\n"
BUILDER = "\n{}def build():\n    return Net()\n"

CASES = {
    "option before all": (source(NOTE, below=EXAMPLE, head=HEAD, returns=RETURNS), "3x32x32", "option", "1x3x32x32"),
    "comment above": (source(NOTE), None, "comment", "1x3x40x48"),
    "comment on the line": (source(on="  " + NOTE.strip()), None, "comment", "1x3x40x48"),
    "comment before example": (source(NOTE, below=EXAMPLE), None, "comment", "1x3x40x48"),
    "comment above a decorator": (source(NOTE + "@torch.jit.ignore\n"), None, "comment", "1x3x40x48"),
    "comment with a batch": (source("# cnnlint: input=8x3x40x40\n"), None, "comment", "8x3x40x40"),
    "comment on a builder": (source(below=BUILDER.format(NOTE)), None, "comment", "1x3x40x48"),
    "a builder's before its class's": (
        source(NOTE, below=BUILDER.format("# cnnlint: input=3x80x80\n")), None, "comment", "1x3x80x80",
    ),
    "a class's comment for its builder": (source(NOTE, below=BUILDER.format("")), None, "comment", "1x3x40x48"),
    "example": (source(below=EXAMPLE), None, "example", "2x3x64x64"),
    "example before solving": (source(below=EXAMPLE, head=HEAD, returns=RETURNS), None, "example", "2x3x64x64"),
    "solved": (source(head=HEAD, returns=RETURNS), None, "solved", "N x3x32x32".replace(" ", "")),
    "solved from a view": (source(head=HEAD, returns=VIEWED), None, "solved", "Nx3x32x32"),
    "a view that nothing fits": (
        source(head="self.fc = nn.Linear(999, 10)", returns="self.fc(x.view(-1, 999))"), None, "layers", "Nx3xHxW",
    ),
    "a view of positions": (
        source(head="self.fc = nn.Linear(16, 10)", returns="self.fc(x.permute(0, 2, 3, 1).reshape(-1, 16))"),
        None, "layers", "Nx3xHxW",
    ),
    "layers": (source(), None, "layers", "Nx3xHxW"),
    "nothing": ("from torch import nn\nclass Net(nn.Module):\n    def forward(self, x): return x\n", None, "none", "?"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_best_evidence_wins(read_file: ReadFile, name: str) -> None:
    text, option, kind, shape = CASES[name]
    graph = read_file(text, *([option] if option else []))[0]
    (tensor,) = graph.inputs
    assert graph.evidence.kind == kind
    assert ("?" if tensor.shape is None else "x".join(show(size) or "?" for size in tensor.shape)) == shape


@pytest.mark.parametrize("target", ["Net", "Net()", "build()"])
def test_a_comment_counts_for_targets_too(read_net: ReadNet, target: str) -> None:
    graph = read_net(source(NOTE, below=BUILDER.format("")), target=target)
    assert graph.evidence.kind == "comment"
    assert graph.evidence.span is not None
    assert graph.evidence.span.line == 4


def test_several_inputs_in_one_comment(read_file: ReadFile) -> None:
    text = """\
        from torch import nn
        # cnnlint: input=3x8x8; mask=1x8x8
        class Net(nn.Module):
            def forward(self, image, scale=1.0, mask=None):
                return image * mask
        """
    (graph,) = read_file(text)
    assert [tensor.shape for tensor in graph.inputs] == [(1, 3, 8, 8), (1, 1, 8, 8)]


def test_a_comment_elsewhere_says_nothing(read_file: ReadFile) -> None:
    (graph,) = read_file(source() + "\nx = 1\n" + NOTE)
    assert graph.evidence.kind == "layers"


def test_what_the_code_around_a_model_does_not_know_is_not_the_models(read_file: ReadFile) -> None:
    text = """\
        import torch
        from torch import nn
        from somewhere import load, widths
        class Net(nn.Module):
            def __init__(self, known=True):
                super().__init__()
                self.layers = nn.Sequential(*([nn.Linear(4, 4)] if known else [nn.Linear(w, w) for w in widths()]))
            def forward(self, x):
                return self.layers(x)
        if __name__ == "__main__":
            for batch, target in load():
                for made in (Net(), Net(known=False)):
                    made(torch.randn(2, 4))
        """
    known, unknown = read_file(text)
    assert known.complete
    assert known.parameters == 20
    assert not unknown.complete
    assert unknown.parameters is None


OPEN_ENDED = """\
    from torch import nn
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)
        def forward(self, {params}):
            return {returns}
    """


@pytest.mark.parametrize(
    ("params", "returns"),
    [
        ("*images", "self.conv(images[0])"),
        ("*images", "self.conv(images[0] if len(images) == 1 else images[1])"),
        ("image, *rest", "self.conv(image) * rest[1]"),
        ("image, **options", "self.conv(image) * options['scale']"),
    ],
)
def test_how_many_inputs_there_are_is_not_known(read_file: ReadFile, params: str, returns: str) -> None:
    """Indexing what a caller may give is no failure, and what becomes of it stays unknown."""
    (graph,) = read_file(OPEN_ENDED.format(params=params, returns=returns))
    assert not graph.failures
    assert not graph.complete


def test_inputs_given_to_a_star(read_file: ReadFile) -> None:
    (graph,) = read_file(OPEN_ENDED.format(params="*images", returns="self.conv(images[1])"), "3x8x8", "3x9x9")
    assert [tensor.shape for tensor in graph.inputs] == [(1, 3, 8, 8), (1, 3, 9, 9)]
    assert graph.nodes[0].output.shape == (1, 4, 7, 7)
    assert graph.complete


def test_an_index_beyond_the_inputs_given_fails(read_file: ReadFile) -> None:
    (graph,) = read_file(OPEN_ENDED.format(params="*images", returns="self.conv(images[1])"), "3x8x8")
    assert [failure.certain for failure in graph.failures] == [True]


TEST_FUNCTION = """
def test():
    net = Net()
    print(net(torch.randn(2, 3, 24, 24)).size())
"""
OTHER_FILES = {
    "a script": "import torch\nfrom program import Net\nnet = Net()\nprint(net(torch.randn(2, 3, 40, 40)).shape)\n",
    "a guarded script": """
        import torch
        from program import Net
        if __name__ == "__main__":
            x = torch.zeros((1, 3, 40, 40))
            Net().eval()(x)
        """,
    "a test": """
        import torch
        import program
        def test_shape():
            assert program.Net()(torch.ones(4, 3, 40, 40)).shape[0] == 4
        """,
    "torchsummary": "from torchsummary import summary\nfrom program import Net\nsummary(Net().cuda(), (3, 40, 40))\n",
    "torchsummary by name": """
        import torchsummary
        from program import Net
        torchsummary.summary(Net(), input_size=(3, 40, 40), device="cpu")
        """,
    "torchinfo": "from torchinfo import summary\nfrom program import Net\nsummary(Net(), input_size=(1, 3, 40, 40))\n",
    "torchinfo on a tensor": """
        import torch
        import torchinfo
        from program import Net
        torchinfo.summary(Net(), input_data=torch.rand(1, 3, 40, 40))
        """,
    "thop": "import torch, thop\nfrom program import Net\nthop.profile(Net(), inputs=(torch.randn(1, 3, 40, 40),))\n",
    "export": """
        import torch
        from program import Net
        def main():
            torch.onnx.export(Net(), torch.randn(1, 3, 40, 40), "net.onnx")
        """,
    "ptflops": """
        from ptflops import get_model_complexity_info
        from program import Net
        get_model_complexity_info(Net(), (3, 40, 40), as_strings=True)
        """,
}


def sides(graph: ModelGraph) -> tuple[str, str]:
    """The kind of evidence, and the input without its batch."""
    (tensor,) = graph.inputs
    assert tensor.shape is not None
    return graph.evidence.kind, "x".join(show(size) or "?" for size in tensor.shape[1:])


def test_a_function_that_tries_the_model_out(read_file: ReadFile) -> None:
    graphs = read_file(source(below=TEST_FUNCTION + BUILDER.format("")))
    assert {sides(graph) for graph in graphs} == {("example", "3x24x24")}


@pytest.mark.parametrize("name", OTHER_FILES)
def test_an_example_in_another_file(read_file: ReadFile, name: str) -> None:
    (graph,) = read_file(source(), other=OTHER_FILES[name])
    assert sides(graph) == ("example", "3x40x40")
    assert graph.evidence.span is not None
    assert graph.evidence.span.path.endswith("other.py")


def test_the_files_own_example_comes_first(read_file: ReadFile) -> None:
    (graph,) = read_file(source(below=TEST_FUNCTION), other=OTHER_FILES["a script"])
    assert sides(graph) == ("example", "3x24x24")


def test_examples_that_contradict_each_other_are_none(read_file: ReadFile) -> None:
    (graph,) = read_file(source(), other=OTHER_FILES["a script"], third=OTHER_FILES["a script"].replace("40", "64"))
    assert sides(graph) == ("layers", "3xHxW")


def test_an_example_of_a_model_built_otherwise_does_not_fit(read_file: ReadFile) -> None:
    text = (
        source()
        .replace("def __init__(self):", "def __init__(self, channels=3):")
        .replace("Conv2d(3", "Conv2d(channels")
    )
    other = OTHER_FILES["a script"].replace("Net()", "Net(1)").replace("(2, 3,", "(2, 1,")
    (graph,) = read_file(text, other=other)
    assert sides(graph) == ("layers", "3xHxW")
    assert not graph.failures


def test_a_builder_of_a_container_is_a_model(read_file: ReadFile) -> None:
    text = """
        from torch import nn
        def block(a, b):
            return nn.Sequential(nn.Conv2d(a, b, 3), nn.ReLU())
        def make_net(classes=10):
            return nn.Sequential(block(3, 8), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, classes))
        def layers():
            return nn.ModuleList([nn.Conv2d(3, 4, 3)])
        """
    assert [graph.target.rpartition(":")[2] for graph in read_file(text)] == ["make_net()"]


def test_a_script_of_one_container_is_a_model(read_file: ReadFile) -> None:
    text = "import torch\nfrom torch import nn\nnet = nn.Sequential(nn.Conv2d(3, 8, 3))\nnet(torch.randn(1, 3, 8, 8))\n"
    (graph,) = read_file(text)
    assert sides(graph) == ("example", "3x8x8")


ASSERTING = """\
    from torch import nn
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)
        def forward(self, x):
            assert isinstance(x, (list, tuple))
            return self.conv(x[0])
    """


@pytest.mark.parametrize(("given", "certain"), [([], False), (["3x8x8"], True)])
def test_an_assertion_may_ask_for_inputs_of_another_kind(read_file: ReadFile, given: list[str], certain: bool) -> None:
    (graph,) = read_file(ASSERTING, *given)
    assert any(failure.certain for failure in graph.failures) == certain
