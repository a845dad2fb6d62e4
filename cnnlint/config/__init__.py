"""Settings: what may be configured, where it is found, and how the command line changes it."""

from cnnlint.config.model import FAIL_ON, TARGETS, ModelSettings, Settings
from cnnlint.config.resolve import ConfigError, Resolved, Resolver

__all__ = ["FAIL_ON", "TARGETS", "ConfigError", "ModelSettings", "Resolved", "Resolver", "Settings"]
