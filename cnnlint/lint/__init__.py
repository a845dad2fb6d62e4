"""The run: files to networks, networks to findings."""

from cnnlint.lint.run import LintOptions, lint_files, lint_text

__all__ = ["LintOptions", "lint_files", "lint_text"]
