"""What one traced run finds out: devices, inputs, examples, shapes, counts, dead code, gradients."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest
from making_jobs import MakeJob, make_job

from cnnlint.config import Resolver
from cnnlint.graph.model import Origin
from cnnlint.graph.operations import Attention, Convolution, Merge, MergeKind, Opaque
from cnnlint.lint.targets import read_target
from cnnlint.lint.tracing import project_of, python_of, trace_graph
from cnnlint.source.paths import shown
from cnnlint.trace import ExampleCall, Input, Traced, TraceError, Tracer

PLAIN = """
    class Net(nn.Module):
        def __init__(self, width=4):
            super().__init__()
            self.conv = nn.Conv2d(3, width, 3)

        def forward(self, x):
            return self.conv(x)
"""


def _net(init: str, forward: str) -> str:
    lines = [*init.splitlines()], [*forward.splitlines()]
    body = "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
    body += "".join(f"        {line}\n" for line in lines[0]) + "\n    def forward(self, x):\n"
    return body + "".join(f"        {line}\n" for line in lines[1])


def _trace(tracer: Tracer, folder: Path, source: str, *, gradients: bool = False) -> Traced:
    """The traced run of the first model of a source, which makes an example call itself."""
    job = make_job(folder, source)
    resolver = Resolver(folder, isolated=True)
    graphs = read_target(str(job.path), resolver)
    return trace_graph(tracer, graphs[0], graphs, project_of(str(job.path), resolver)[1], gradients=gradients)


MAIN = '\nif __name__ == "__main__":\n    Net()(torch.randn(2, 3, 8, 8))\n'


def test_arguments_are_literals(tracer: Tracer, job: MakeJob) -> None:
    facts = tracer.run(job(PLAIN, kwargs={"width": 7}))
    assert facts["edges"][facts["output"]["tensor"]][0] == [1, 7, 6, 6]


def test_inputs_have_names_and_types(tracer: Tracer, job: MakeJob) -> None:
    source = _net("self.table = nn.Embedding(10, 3)", "return x").replace("(self, x)", "(self, x, *, index)").replace(
        "return x", "return self.table(index) + x"
    )  # fmt: skip
    work = job(source, (5, 3))
    work = replace(work, inputs=(Input((5, 3)), Input((5,), "int64", "index")))
    facts = tracer.run(work)
    assert facts["edges"][facts["output"]["tensor"]][0] == [5, 3]


def test_dictionaries_as_inputs_come_from_the_example_call(tracer: Tracer, tmp_path: Path) -> None:
    source = _net("self.conv = nn.Conv2d(3, 4, 3)", "return {'out': self.conv(x['image'])}")
    job = make_job(tmp_path, source + "\n\nif __name__ == '__main__':\n    Net()({'image': torch.randn(2, 3, 8, 8)})\n")
    line = len(job.path.read_text().splitlines())
    facts = tracer.run(replace(job, example=ExampleCall(line, line, "Net"), callable=""))
    assert facts["fvcore"]["by_operator"] == {"conv": 2 * 4 * 27 * 36}
    assert [edge[0] for edge in facts["edges"] if edge[2] == "input"] == [[2, 3, 8, 8]]


def test_only_what_the_example_call_needs_is_run(tracer: Tracer, tmp_path: Path) -> None:
    source = (
        PLAIN
        + """
    def train():
        return open("/no/such/data").read()

    if __name__ == "__main__":
        size = 10
        model = Net(width=5)
        data = train()
        model.train()
        model.eval()
        out = model(torch.randn(2, 3, size, size))
    """
    )
    traced = _trace(tracer, tmp_path, source)
    assert traced.graph.inputs[0].shape == (2, 3, 10, 10)
    assert traced.graph.modules["conv"].parameters[0].shape == (5, 3, 3, 3)


def test_a_model_that_cannot_be_built_on_meta_is_moved_there(tracer: Tracer, job: MakeJob) -> None:
    facts = tracer.run(job(_net("self.conv = nn.Conv2d(3, int(torch.ones(4).sum()), 3)", "return self.conv(x)")))
    assert facts["device"] == "meta"


def test_a_model_that_reads_values_runs_on_the_cpu(tracer: Tracer, job: MakeJob) -> None:
    forward = "if x.mean().item() > 1e9:\n    return x\nreturn self.conv(x)"
    facts = tracer.run(job(_net("self.conv = nn.Conv2d(3, 4, 3)", forward)))
    assert facts["device"] == "cpu"
    assert "not on the meta device" in facts["notes"][0][0]


@pytest.mark.parametrize(
    ("init", "forward", "counts"),
    [
        ("self.c = nn.Conv2d(3, 4, 3, padding='same')", "return self.c(x)", {"conv": 2 * 4 * 27 * 64}),
        ("self.c = nn.Conv2d(3, 4, 3, padding='valid')", "return self.c(x)", {"conv": 2 * 4 * 27 * 36}),
        ("self.c = nn.ConvTranspose2d(3, 4, 2, stride=2)", "return self.c(x)", {"conv": 2 * 3 * 4 * 4 * 64}),
        ("self.c = nn.Conv2d(3, 6, 3, groups=3)", "return self.c(x)", {"conv": 2 * 6 * 9 * 36}),
        ("self.f = nn.Linear(8, 5)", "return self.f(x)", {"linear": 2 * 3 * 8 * 8 * 5}),
        ("", "return F.linear(x, torch.ones(5, 8, device=x.device))", {"linear": 2 * 3 * 8 * 8 * 5}),
        ("", "return x @ x", {"matmul": 2 * 3 * 8 * 8 * 8}),
        ("", "return torch.einsum('nchw,ncvw->nchv', x, x)", {"einsum": 2 * 3 * 8 * 8 * 8}),
        ("", "return F.scaled_dot_product_attention(x, x, x)", {"scaled_dot_product_attention": 2 * 3 * 8 * 8 * 16}),
    ],
)  # fmt: skip
def test_both_counters_count(init: str, forward: str, counts: dict[str, int], tracer: Tracer, tmp_path: Path) -> None:
    traced = _trace(tracer, tmp_path, _net(init, forward) + MAIN)
    assert traced.counts is not None
    assert dict(traced.counts.products) == counts
    assert dict(traced.graph.macs_by_op) == counts
    assert traced.macs == sum(counts.values())


def test_what_fvcore_does_not_count_is_listed(tracer: Tracer, tmp_path: Path) -> None:
    traced = _trace(tracer, tmp_path, _net("", "return torch.tanh(x) + 1") + MAIN)
    assert traced.counts is not None
    assert set(traced.counts.uncounted) == {"aten::add", "aten::tanh"}


def test_attention_is_one_row_with_all_its_parameters(tracer: Tracer, tmp_path: Path) -> None:
    forward = "x = x.mean(1, keepdim=True).flatten(2).permute(2, 0, 1).expand(64, 2, 8)\nreturn self.a(x, x, x)[0]"
    traced = _trace(tracer, tmp_path, _net("self.a = nn.MultiheadAttention(8, 2)", forward) + MAIN)
    attention = traced.graph.modules["a"]
    assert attention.leaf
    assert sum(parameter.count or 0 for parameter in attention.parameters) == 4 * 8 * 8 + 4 * 8
    node = next(node for node in traced.graph.nodes if node.module is attention)
    assert isinstance(node.op, Attention | Opaque)
    assert sum(node.macs.values()) == 64 * 2 * 4 * 8 * 8 + 2 * 2 * 2 * 64 * 64 * 4


def test_edges_lead_from_node_to_node(tracer: Tracer, tmp_path: Path) -> None:
    init = (
        "self.a = nn.Conv2d(3, 3, 1); self.b = nn.Conv2d(3, 3, 1); self.relu = nn.ReLU(True); self.id = nn.Identity()"
    )
    traced = _trace(tracer, tmp_path, _net(init, "y = self.relu(self.a(x))\ny += self.id(x)\nreturn self.b(y)") + MAIN)
    graph = traced.graph
    names = [
        (node.op.name, tuple(t.index if t.origin is Origin.NODE else t.origin for t in node.inputs))
        for node in graph.nodes
    ]
    assert names == [
        ("conv2d", (Origin.INPUT,)), ("relu", (0,)), ("identity", (Origin.INPUT,)), ("add", (1, 2)), ("conv2d", (3,)),
    ]  # fmt: skip
    merge = graph.nodes[3].op
    assert isinstance(merge, Merge)
    assert merge.kind is MergeKind.ADD
    assert isinstance(graph.nodes[4].op, Convolution)
    assert graph.returned == {graph.nodes[4].output}


def test_places_are_those_of_the_source(tracer: Tracer, tmp_path: Path) -> None:
    source = _net("ä = nn.Conv2d(3, 4, 3); self.conv = nn.Conv2d(3, 4, 3)", "return F.relu(self.conv(x))") + MAIN
    graph = _trace(tracer, tmp_path, source).graph
    lines = (tmp_path / "net.py").read_text().splitlines()
    built, conv, relu = graph.modules["conv"].built_at, graph.nodes[0].span, graph.nodes[1].span
    assert built is not None
    texts = [lines[span.line - 1][span.column - 1 : span.end_column - 1] for span in (built, conv, relu)]
    assert texts == ["nn.Conv2d(3, 4, 3)", "self.conv(x)", "F.relu(self.conv(x))"]


def test_scripted_and_compiled_modules_are_seen_through(tracer: Tracer, tmp_path: Path) -> None:
    init = "self.a = torch.jit.script(nn.Conv2d(3, 4, 1)); self.b = torch.compile(nn.Conv2d(4, 4, 1))"
    traced = _trace(tracer, tmp_path, _net(init, "return self.b(self.a(x))") + MAIN)
    assert [node.module.name for node in traced.graph.nodes] == ["a", "b"]
    assert traced.macs == 2 * 64 * (12 + 16)


def test_what_does_nothing_is_not_dead(tracer: Tracer, tmp_path: Path) -> None:
    """fvcore sees nothing of them, though their results are used."""
    init = "self.a = nn.Conv2d(3, 4, 1); self.b = nn.Identity(); self.c = nn.Sequential()"
    traced = _trace(tracer, tmp_path, _net(init, "return self.c(self.b(self.a(x)))") + MAIN)
    assert (traced.uncalled, traced.dead) == ((), ())


def test_uncalled_and_dead_modules(tracer: Tracer, tmp_path: Path) -> None:
    init = "self.a = nn.Conv2d(3, 4, 1); self.never = nn.Sequential(nn.ReLU()); self.dead = nn.Conv2d(3, 4, 1)"
    traced = _trace(tracer, tmp_path, _net(init, "self.dead(x)\nreturn self.a(x)") + MAIN)
    assert (traced.uncalled, traced.dead) == (("never",), ("dead",))


def test_parameters_without_gradient(tracer: Tracer, tmp_path: Path) -> None:
    init = "self.a = nn.Conv2d(3, 4, 1); self.b = nn.BatchNorm2d(4); self.idle = nn.Linear(2, 2)\n"
    init += "self.cut = nn.Conv2d(3, 4, 1)"
    source = _net(init, "return self.b(self.a(x)) + self.cut(x).detach()") + MAIN
    traced = _trace(tracer, tmp_path, source, gradients=True)
    assert traced.without_gradient == ("idle.weight", "idle.bias", "cut.weight", "cut.bias")
    assert _trace(tracer, tmp_path, source).without_gradient is None


# A file in the manner of a notebook: importing it would read arguments, look for data and train for ever.
NOTEBOOK = """
    import argparse
    from not_installed import plots

    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    args = parser.parse_args()
    WIDTH = 4


    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, WIDTH, 3)

        def forward(self, x):
            return self.conv(x)


    net = Net()
    out = net(torch.randn(2, 3, 8, 8))
    print(net, out.shape)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    while True:
        for x in torch.load(args.data):
            net(x).sum().backward()
            optimizer.step()
    torch.save(net.state_dict(), "net.pth")
"""


def test_a_file_that_trains_when_imported(tracer: Tracer, tmp_path: Path, job: MakeJob) -> None:
    work = job(NOTEBOOK)
    facts = tracer.run(work)
    assert facts["edges"][facts["output"]["tensor"]][0] == [1, 4, 6, 6]
    line = next(n for n, text in enumerate(work.path.read_text().splitlines(), 1) if text.startswith("out ="))
    facts = tracer.run(replace(work, example=ExampleCall(line, line, "Net"), callable=""))
    assert facts["edges"][facts["output"]["tensor"]][0] == [2, 4, 6, 6]


def test_pretrained_weights_are_not_fetched(tracer: Tracer, tmp_path: Path) -> None:
    """Neither the meta device nor a count needs them; what the hub gives is taken as loaded."""
    init = "self.a = nn.Conv2d(3, 4, 1)\n"
    init += "self.load_state_dict(torch.hub.load_state_dict_from_url('https://example.invalid/w.pth'))"
    traced = _trace(tracer, tmp_path, _net(init, "return self.a(x)") + MAIN)
    assert traced.macs == 2 * 64 * 12
    assert traced.notes == ("weights are not fetched: https://example.invalid/w.pth",)


def test_a_backward_pass_that_raises_is_a_note(tracer: Tracer, tmp_path: Path) -> None:
    source = _net("self.a = nn.Conv2d(3, 4, 1)", "return self.a(x) if not torch.is_grad_enabled() else x.grad.sum()")
    traced = _trace(tracer, tmp_path, source + MAIN, gradients=True)
    assert traced.without_gradient is None
    path = shown(tmp_path / "net.py")
    assert traced.notes == (
        f"no backward pass: AttributeError: 'NoneType' object has no attribute 'sum' (at {path}:10)",
    )


def test_an_unknown_size_is_asked_for(tracer: Tracer, tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="give it with --input") as raised:
        _trace(tracer, tmp_path, PLAIN)
    assert raised.value.kind == "input"


def test_the_interpreter_of_an_environment_folder(tmp_path: Path) -> None:
    (tmp_path / "env" / "bin").mkdir(parents=True)
    python = tmp_path / "env" / "bin" / "python"
    python.touch()
    resolved = Resolver(tmp_path, isolated=True).root
    assert python_of(resolved, tmp_path / "env") == python
    assert python_of(resolved, python) == python
    assert python_of(resolved) is None


def test_the_worker_imports_nothing_of_cnnlint() -> None:
    folder = Path(__file__).parents[2] / "cnnlint" / "trace" / "worker"
    for path in folder.glob("*.py"):
        tree = ast.parse(path.read_text())
        modules = [n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and not n.level]
        modules += [alias.name for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names]
        assert not [name for name in modules if name.startswith("cnnlint")], path.name
