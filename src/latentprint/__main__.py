"""``latentprint`` and ``python -m latentprint``."""

import sys


def main() -> None:
    """Run the command line, which takes a moment to load: Ctrl-C ends it without a traceback."""
    try:
        from latentprint.cli.main import main as run
    except KeyboardInterrupt:
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
