"""XML that parses whatever the messages hold."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, indent, tostring

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean(text: str) -> str:
    """``text`` without the control characters and lone surrogates that XML does not allow."""
    return _FORBIDDEN.sub("", text)


def document(root: Element) -> str:
    """``root`` as an indented document."""
    indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode") + "\n"
