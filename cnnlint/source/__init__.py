"""Files in, syntax out: decoding, an index of statements, lazy libcst parsing, exact spans, imports, suppressions."""
