"""`python -m assay` is `assay`."""

from assay.doors.cli import main

if __name__ == "__main__":
    main()
