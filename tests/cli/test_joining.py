"""The same fault in several layers and models is one finding."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conftest import Project
else:
    Project = Any


def found(project: Project, *args: str) -> list[tuple[int, str, int | None]]:
    document = json.loads(project.run(*args, "--output-format", "json").out)
    return [(f["line"], f["message"], f["data"].get("places")) for f in document["findings"]]


def test_places_are_layers_of_one_network(project: Project) -> None:
    source = (project.folder / "net.py").read_text("utf-8")
    builders = "".join(f"\n\ndef build_{name}():\n    return Net()\n" for name in "ab")
    project.write("net.py", source + builders)
    assert found(project) == [
        (8, "a wide kernel (in 3 of 3 places)", 3),
        (18, "a pointwise kernel stem (in 2 models)", 2),
    ]


def test_a_network_that_is_called_twice_counts_once(project: Project) -> None:
    source = (project.folder / "net.py").read_text("utf-8")
    calls = ("a, b = Net(), Net()", "a(torch.randn(1, 3, 8, 8))", "b(torch.randn(1, 3, 9, 9))")
    project.write("net.py", source + "\n\nif __name__ == '__main__':\n" + "".join(f"    {call}\n" for call in calls))
    assert (8, "a wide kernel (in 3 of 3 places)", 3) in found(project)
    assert len(found(project)) == 2


def test_different_messages_at_one_place_join_to_the_first(project: Project) -> None:
    source = (project.folder / "net.py").read_text("utf-8")
    project.write("net.py", source.replace("channels, channels, 3, padding=1", "channels, channels, 1"))
    assert found(project, "--select", "TST002")[0] == (8, "a pointwise kernel blocks.0.conv (in 3 of 3 places)", 3)


def test_fingerprints_name_the_block_and_not_the_layer(project: Project) -> None:
    def fingerprint() -> str:
        document = json.loads(project.run("--select", "TST001", "--output-format", "json").out)
        return str(document["findings"][0]["fingerprint"])

    before = fingerprint()
    source = (project.folder / "net.py").read_text("utf-8")
    project.write("net.py", source.replace("self.blocks", "self.body").replace("range(3)", "range(5)"))
    assert fingerprint() == before
    project.write("net.py", source.replace("self.conv", "self.convolution"))
    assert fingerprint() != before


def test_a_fix_is_unsafe_where_the_same_line_also_builds_layers_without_the_fault(project: Project) -> None:
    source = (project.folder / "net.py").read_text("utf-8")
    source = source.replace("def __init__(self, channels):", "def __init__(self, channels, size=3):")
    source = source.replace("channels, channels, 3, padding=1", "channels, channels, size, padding=size // 2")
    source = source.replace("Block(16) for _ in range(3)", "Block(16, size) for size in (1, 3, 3)")
    project.write("net.py", source)
    document = json.loads(project.run("--select", "TST001", "--output-format", "json").out)
    assert document["findings"][0]["fix"]["applicability"] == "unsafe"
    assert document["findings"][0]["message"] == "a wide kernel (in 2 of 3 places)"
    assert project.run("--fix", "--select", "TST001").status == 1
    assert project.run("--fix", "--unsafe-fixes", "--select", "TST001").status == 0
