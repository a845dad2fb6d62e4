"""The traced process: the one place that imports torch.

The source of this folder is handed to the interpreter that the user chose, which needs torch and fvcore and nothing of
cnnlint. It takes jobs on standard input and answers with JSON; see :mod:`.server`.
"""
