"""From files to a report: reading, in several processes where that pays, and putting together."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from cnnlint.files import Found
from cnnlint.findings import Diagnostic, Report
from cnnlint.lint.assemble import assemble
from cnnlint.lint.session import LintOptions, Outcome, Session
from cnnlint.source.paths import shown
from cnnlint.source.text import SourceText

__all__ = ["LintOptions", "lint_files", "lint_text"]

Advance = Callable[[int], None]

# Evaluating 20 kB of model source takes about as long as forking and feeding a second process; where processes cannot
# be forked, a new one has to import everything again.
_CAN_FORK = sys.platform == "linux"
_POOL_PAYS_FROM = 20_000 if _CAN_FORK else 100_000


def lint_files(found: Found, options: LintOptions, advance: Advance = lambda done: None) -> Report:
    """Lints files. The report is the same for any order of files and any number of jobs.

    ``advance`` is told how many files were just done. Raises :class:`~cnnlint.config.ConfigError`."""
    session = Session(options)
    files = found.files
    # Settings that cannot be used must end the run before any process is started.
    for file in files:
        _ = session.context(file).rules
    outcomes = []
    try:
        for outcome in _read_all(files, session):
            outcomes.append(outcome)
            advance(1)
    finally:
        session.close()
    return assemble(outcomes, {shown(file): file for file in files}, session, found.problems)


def lint_text(text: SourceText, path: Path, options: LintOptions) -> Report:
    """Lints a text as the content of the file at ``path``, which need not exist."""
    text = SourceText(shown(path), text.text)
    session = Session(options, {path: text})
    try:
        return assemble([session.read(path)], {text.path: path}, session)
    finally:
        session.close()


def _read_all(files: Sequence[Path], session: Session) -> Iterator[Outcome]:
    sizes = {file: _size(file) for file in files}
    # The largest first, so that no process is left with a long one at the end.
    ordered = sorted(files, key=lambda file: (-sizes[file], file))
    # Models run one after the other, in one process that has imported torch.
    wanted = session.options.jobs if session.options.trace is None else 1
    jobs = _jobs(wanted, sum(sizes.values()), len(files))
    if jobs == 1:
        yield from map(session.read, ordered)
        return
    yield from _read_in_processes(ordered, jobs, session.options)


def _read_in_processes(files: Sequence[Path], jobs: int, options: LintOptions) -> Iterator[Outcome]:
    """The outcomes of ``files``, in order. A file that ends the process it is read in costs a diagnostic."""
    # Imported here: a run in one process need not pay for it.
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    context = get_context("fork") if _CAN_FORK else None
    done = 0
    while done < len(files):
        pool = ProcessPoolExecutor(jobs, context, initializer=_start, initargs=(options,))
        try:
            for outcome in pool.map(_read, files[done:], chunksize=1):
                yield outcome
                done += 1
        except BrokenProcessPool:
            # All files in hand are lost, and nobody can tell which one it was: from here on, one at a time.
            if jobs == 1:
                yield _killed(files[done])
                done += 1
            jobs = 1
        finally:
            pool.shutdown(cancel_futures=True)


def _killed(file: Path) -> Outcome:
    text = "the process that read this file was killed or ran out of memory; leave the file out, or report it"
    return Outcome(shown(file), diagnostics=(Diagnostic("internal-error", shown(file), 1, 1, text),))


def _jobs(wanted: int | None, size: int, files: int) -> int:
    if wanted is None:
        wanted = min(os.cpu_count() or 1, 1 + size // _POOL_PAYS_FROM)
    return max(1, min(wanted, files))


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0


_session: Session | None = None


def _start(options: LintOptions) -> None:
    global _session  # the one session of a worker process
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    _session = Session(options)


def _read(file: Path) -> Outcome:
    assert _session is not None
    return _session.read(file)
