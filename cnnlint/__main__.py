"""``python -m cnnlint``."""

from cnnlint.cli import main

if __name__ == "__main__":
    main()
