"""One run for all workers of pytest-xdist: the first that needs it makes it, the others judge what it recorded."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from authproof.certify import Certification

FOLDER = "authproof_folder"
"""What the controller calls the folder that its workers share."""


class Interrupted(KeyboardInterrupt):
    """The run was interrupted, and has cleaned up."""


def carry_out(certification: Certification, config: pytest.Config) -> None:
    """Make the run, or take over that of another worker. Raises Interrupted, Unreachable."""
    if certification.is_recorded:
        return
    folder = getattr(config, "workerinput", {}).get(FOLDER)
    if folder is None:
        certification.run()
    else:
        _share(certification, Path(folder))
    if certification.recording.interrupted:
        raise Interrupted


def _share(certification: Certification, folder: Path) -> None:
    from filelock import FileLock

    recorded = folder / "recording"
    # Whoever waits here would only have to wait for the answers otherwise.
    with FileLock(folder / "lock"):
        if recorded.exists():
            # The folder is this user's alone, and a recording has no secret.
            certification.recording = pickle.loads(recorded.read_bytes())  # noqa: S301
        else:
            certification.run()
            recorded.write_bytes(pickle.dumps(certification.recording))
