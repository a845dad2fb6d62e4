"""The traced process: the one place that imports torch.

This folder is copied beside the interpreter that the user chose and run there, so it needs torch and fvcore and
nothing of cnnlint. It takes jobs on standard input and answers with JSON; see :mod:`.__main__`.
"""
