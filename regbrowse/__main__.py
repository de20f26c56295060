"""`python -m regbrowse`."""

from regbrowse.cli.main import program

if __name__ == "__main__":
    program()
