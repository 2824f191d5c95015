"""The lab's words on a host that does not come up."""

import pytest

from lab.host import wait_docker
from lab.shell import LabError
from lab.state import Record

ENDED = Record(name="t1", group="t", address="192.0.2.1", engine="28", pid=2**22 + 1, started=0)
"""A host whose first process is none: no machine has such a number."""


def test_a_host_that_has_ended_is_not_waited_for():
    """Its log says why; a host that is only slow is waited for."""
    with pytest.raises(LabError, match=r"^t1: the host has ended: read .*/t1/boot\.log"):
        wait_docker(ENDED)
