"""``python -m latentprint``."""

from latentprint.cli.main import main

if __name__ == "__main__":
    main()
