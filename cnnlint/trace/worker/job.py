"""One job from request to answer: devices in turn until the model runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import torch

from .gradient import without_gradient
from .loading import Loaded, Unusable, load
from .measuring import Facts, counted, describe, trace
from .script import observe
from .slicing import NoScript
from .sources import substitute
from .weights import asked_for, leave_out

T = TypeVar("T")


class Stopped(Exception):
    """A stage that the user's code did not get through, with the description of its exception."""

    def __init__(self, stage: str, error: Facts) -> None:
        super().__init__(error["text"])
        self.error = {**error, "stage": stage}


def run_job(request: Facts) -> Facts:
    """The answer to one request: the facts of the run, or ``error``. Lets no exception of the user's code out."""
    if request["lines"]:
        return _observed(request)
    attempts = {
        "meta": lambda: (load(request, "meta"), "meta"),
        "moved": lambda: (_moved(load(request, "cpu")), "meta"),
        "cpu": lambda: (load(request, "cpu"), "cpu"),
    }
    failed: dict[str, Facts] = {}
    for name in request["devices"]:
        facts = _attempt(attempts[name])
        if facts["error"] is None:
            facts["notes"] = _notes(failed, facts["device"])
            _add_counts(facts, request)
            return facts
        failed[name] = facts
        if facts["error"]["exit"]:
            break
    return facts  # of the last device; its error is the one to report


def _observed(request: Facts) -> Facts:
    """What a script does, built on the meta device where that is possible."""
    for device in ("meta", "cpu"):
        try:
            return _stage("build", partial(observe, request, device))
        except Stopped as stopped:
            failed = stopped
    return {"error": failed.error, "device": "cpu"}


def _attempt(make: Callable[[], tuple[Loaded, str]]) -> Facts:
    try:
        loaded, device = _stage("build", make)
    except Stopped as stopped:
        return {"error": stopped.error, "device": "cpu"}
    facts = trace(loaded)
    facts["device"] = device
    facts["loaded"] = loaded
    if facts["error"] is not None:
        facts["error"]["stage"] = "forward"
    return facts


def _stage(name: str, work: Callable[[], T]) -> T:
    try:
        return work()
    except (Unusable, NoScript) as error:
        raise Stopped(name, {"type": "", "text": str(error), "at": None, "exit": False}) from None
    except BaseException as error:  # noqa: BLE001 - sys.exit and anything else the user's file does
        raise Stopped(name, describe(error)) from None


def _moved(loaded: Loaded) -> Loaded:
    """A model that could only be built on the CPU, moved to the meta device with its inputs."""

    def move(value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return value.to("meta")
        if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
            return type(value)(map(move, value))
        if isinstance(value, dict):
            return {key: move(item) for key, item in value.items()}
        return value

    return Loaded(loaded.model.to("meta"), move(loaded.args), move(loaded.kwargs))


def _notes(failed: dict[str, Facts], device: str) -> list[Any]:
    """What is not as the user's code has it: the weights, and why the CPU had to be taken. Each with its place."""
    what = "built on the CPU" if device == "meta" else "not on the meta device"
    found: list[Any] = []
    if asked_for:
        found.append([f"weights are not fetched: {', '.join(dict.fromkeys(asked_for))}", None])
    error = failed.get("meta", {}).get("error")
    if error is not None:
        found.append([f"{what}: {error['type']}: {_first_line(error['text'])}", error["at"]])
    return found


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0][:200]


def _add_counts(facts: Facts, request: Facts) -> None:
    loaded = facts.pop("loaded")
    facts["fvcore"], facts["without_gradient"] = None, None
    if request["counts"]:
        _count(facts, loaded, request)
    if request["gradients"]:
        try:
            facts["without_gradient"] = _stage("backward", lambda: without_gradient(load(request, "cpu")))
        except Stopped as stopped:
            error = stopped.error
            facts["notes"].append([f"no backward pass: {error['type']}: {_first_line(error['text'])}", error["at"]])


def _count(facts: Facts, loaded: Loaded, request: Facts) -> None:
    errors = []
    for device in dict.fromkeys((facts["device"], "cpu")):
        try:
            model = loaded if device == facts["device"] else load(request, "cpu")
            facts["fvcore"] = counted(model, device)
            facts["fvcore"]["device"] = device
            break
        except ImportError as error:
            errors.append(f"fvcore did not count: {error}")
            break
        except Exception as error:  # noqa: BLE001 - fvcore and torch.jit raise anything; torch's own counter stands
            errors.append(f"fvcore cannot count this model: {type(error).__name__}: {_first_line(str(error))}")
    if facts["fvcore"] is None:
        facts["notes"].append([errors[-1], None])


def prepare(request: Facts) -> None:
    """The surroundings that a script of the user expects: its arguments, and nothing of ours in the way."""
    sys.argv = [request["path"]]
    sys.path[:] = [entry for entry in sys.path if entry not in ("", request["worker"])]
    sys.path[:0] = [folder for folder in request["folders"] if folder not in sys.path]
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    substitute(request["texts"])
    leave_out()
