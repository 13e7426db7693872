"""What the tests against other people's programs share: where lathe and the data are, and TAP."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.environ.get("LATHE_TOP", os.path.dirname(os.path.dirname(HERE)))
LATHE = os.environ.get("LATHE", os.path.join(TOP, "lathe"))
DATA = os.environ.get("LATHE_DATA", os.path.join(TOP, "../shared/data"))
os.environ.setdefault("OMP_NUM_THREADS", "1")  # tests run side by side, and threads of libgomp spin while they wait
_counts = {"all": 0, "failed": 0}


def _line(holds, sentence):
    _counts["all"] += 1
    _counts["failed"] += not holds
    print(f"{'ok' if holds else 'not ok'} {_counts['all']} - {sentence}", flush=True)


def note(text):
    """A comment for people."""
    print("# " + str(text).replace("\n", "\n# "))


def ok(holds, sentence, why=""):
    """One test, whose sentence says what holds; `why` is told when it does not."""
    _line(holds, sentence)
    if not holds and str(why):
        note(why)


def skip(sentence, why):
    """A test that cannot be made here."""
    _line(True, f"{sentence} # SKIP {why}")


def skip_all(why):
    """None of the tests of this file can be made here."""
    print(f"1..0 # SKIP {why}")
    sys.exit(0)


def end():
    """The plan, and the exit status."""
    print(f"1..{_counts['all']}")
    sys.exit(_counts["failed"] > 0)
